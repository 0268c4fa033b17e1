import type { ServerHttp3Session, ServerHttp3Stream } from '../server-types.js';
import type { WorkerPolicy } from './worker-options.js';
import type { WorkerSlot } from './worker-slot.js';
import type { WorkerThread } from './worker-thread.js';

/** Chooses the worker for a request: a ready one, else one that starts (it serves when it is ready), else undefined. */
export class DispatchPolicy {
  readonly #policy: WorkerPolicy;
  readonly #slots: readonly WorkerSlot[];
  /** Where the next search begins, so that equals take turns. */
  #turn = 0;
  readonly #placesWithoutId = new WeakMap<ServerHttp3Session, number>();

  constructor(policy: WorkerPolicy, slots: readonly WorkerSlot[]) {
    this.#policy = policy;
    this.#slots = slots;
  }

  choose(stream: ServerHttp3Stream): WorkerThread | undefined {
    const first = this.#policy === 'sticky' ? this.#placeOf(stream) : this.#turn;
    return this.#search(first, 'ready') ?? this.#search(first, 'starting');
  }

  #search(first: number, state: 'ready' | 'starting'): WorkerThread | undefined {
    const count = this.#slots.length;
    let best: WorkerSlot | undefined;
    let bestIndex = 0;
    for (let step = 0; step < count; step += 1) {
      const index = (first + step) % count;
      const slot = this.#slots[index];
      if (slot === undefined || slot.state !== state) continue;
      if (best !== undefined && slot.openRequests >= best.openRequests) continue;
      best = slot;
      bestIndex = index;
      if (this.#policy !== 'least-busy') break;
    }
    if (best !== undefined) this.#turn = (bestIndex + 1) % count;
    return best?.thread;
  }

  /**
   * The place of a session: its id modulo the places. It stays the same while the session lasts, and when a place's worker
   * is replaced; while there is no worker in it, the next place serves. Sessions of the TCP sibling have no id, and get the
   * places in turn.
   */
  #placeOf({ session }: ServerHttp3Stream): number {
    if (session === undefined) return this.#turn;
    const id: bigint | undefined = session.id;
    if (id !== undefined) return Number(id % BigInt(this.#slots.length));
    const place = this.#placesWithoutId.get(session) ?? this.#turn;
    this.#placesWithoutId.set(session, place);
    return place;
  }
}
