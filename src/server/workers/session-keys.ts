import type { ServerHttp3Session } from '../server-types.js';
import type { BatchWriter } from './batch-writer.js';
import { RecordKind } from './records.js';
import { describeSession } from './session-description.js';

/** Who is told of a session's end. One listener a session, however many workers there are, and were. */
const watchers = new WeakMap<ServerHttp3Session, Set<SessionKeys>>();

/** The sessions that one worker knows, by the keys that stand for them in records. */
export class SessionKeys {
  readonly #writer: BatchWriter;
  readonly #keys = new Map<ServerHttp3Session, number>();
  readonly #sessions = new Map<number, ServerHttp3Session>();
  #lastKey = 0;

  constructor(writer: BatchWriter) {
    this.#writer = writer;
  }

  /** The session's key; describes the session to the worker first if it does not know it. 0 for none. */
  keyOf(session: ServerHttp3Session | undefined): number {
    if (session === undefined) return 0;
    const known = this.#keys.get(session);
    if (known !== undefined) return known;
    this.#lastKey += 1;
    const key = this.#lastKey;
    this.#keys.set(session, key);
    this.#sessions.set(key, session);
    this.#writer.add(RecordKind.SESSION, 0, JSON.stringify(describeSession(session)), key, 0, 0);
    watch(session, this);
    return key;
  }

  /** The session of a key, if it still exists. */
  sessionOf(key: number): ServerHttp3Session | undefined {
    return this.#sessions.get(key);
  }

  onSessionClosed(session: ServerHttp3Session): void {
    const key = this.#keys.get(session);
    if (key === undefined) return;
    this.#keys.delete(session);
    this.#sessions.delete(key);
    this.#writer.add(RecordKind.SESSION_CLOSED, 0, '', key, 0, 0);
  }

  /** The worker is gone. */
  close(): void {
    for (const session of this.#keys.keys()) watchers.get(session)?.delete(this);
    this.#keys.clear();
    this.#sessions.clear();
  }
}

function watch(session: ServerHttp3Session, keys: SessionKeys): void {
  const present = watchers.get(session);
  if (present !== undefined) {
    present.add(keys);
    return;
  }
  const all = new Set([keys]);
  watchers.set(session, all);
  session.once('close', () => {
    for (const one of all) one.onSessionClosed(session);
  });
}
