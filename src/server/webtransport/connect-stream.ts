import { H3_ERROR } from '../../errors.js';
import type { ServerWork } from '../../session/http3-server-driver.js';
import type { ControlChannel } from '../../stream/webtransport/control-channel.js';
import { ControlOutbox } from '../../stream/webtransport/control-outbox.js';
import type { Http3WebTransportSession } from '../../stream/webtransport/http3-webtransport-session.js';
import type { StreamSession } from '../stream-session.js';

/** Told what becomes of a CONNECT stream. */
export interface ConnectStreamOwner {
  /** The request was given up, by the client or here, before it was answered. Perhaps more than once. */
  onAborted(stream: ConnectStream, errorCode: number): void;
  /** It was answered with another status than 2xx, or its session has ended. At any time, once. */
  onSessionOver(stream: ConnectStream): void;
  /** Both halves have ended: the stream is to be forgotten. Inside a turn, perhaps more than once. */
  onDone(stream: ConnectStream): void;
}

/** Of one read: capsules are small. */
const READ_BYTES = 4096;

/**
 * The stream of an extended CONNECT request: its answer, then the capsules of its session both ways. Straight over the engine,
 * since it has nothing of an HTTP stream's: no body of the user's, no trailers, no time limit.
 */
export class ConnectStream implements ControlChannel, ServerWork {
  readonly id: number;
  readonly #connection: StreamSession;
  readonly #owner: ConnectStreamOwner;
  #session: Http3WebTransportSession | undefined;
  #queued = false;
  #state: 'asked' | 'accepted' | 'rejected' = 'asked';
  #sessionOver = false;
  /** The response's head, until the engine has it. */
  #head: string | undefined;
  /** Capsules that the engine has not taken. */
  readonly #outbox = new ControlOutbox();
  /** FIN follows the outbox. */
  #ending = false;
  /** Both halves are to be reset with this code. */
  #resetCode: number | undefined;
  #sendingOver = false;
  #receivingOver = false;
  /** The client's end came with its header section. */
  readonly #endedAtOnce: boolean;

  constructor(connection: StreamSession, owner: ConnectStreamOwner, id: number, fin: boolean) {
    this.#connection = connection;
    this.#owner = owner;
    this.id = id;
    this.#endedAtOnce = fin;
  }

  /** It can be answered still. */
  get unanswered(): boolean {
    return this.#state === 'asked' && !this.#sessionOver;
  }

  /** It was answered with 2xx. */
  get accepted(): boolean {
    return this.#state === 'accepted';
  }

  /** Begins the session with a 2xx head. At any time, while {@link unanswered}. */
  accept(head: string, session: Http3WebTransportSession): void {
    this.#state = 'accepted';
    this.#session = session;
    this.#head = head;
    this.#queue();
  }

  /** Answers with another final status, and ends. At any time, while {@link unanswered}. */
  reject(head: string): void {
    this.#state = 'rejected';
    this.#head = head;
    this.#outbox.clear();
    this.end();
  }

  send(capsule: Uint8Array): void {
    if (this.#ending || this.#resetCode !== undefined) return;
    this.#outbox.add(capsule);
    this.#queue();
  }

  end(capsule?: Uint8Array): void {
    if (this.#ending || this.#resetCode !== undefined) return;
    if (capsule !== undefined) this.#outbox.add(capsule);
    this.#ending = true;
    this.#queue();
    this.#sessionIsOver();
  }

  /** Ends both halves at once. */
  reset(code: number): void {
    if (this.#resetCode !== undefined) return;
    // Its session may end before there is an answer: the client broke a limit.
    if (this.unanswered) this.#owner.onAborted(this, code);
    this.#resetCode = code;
    this.#outbox.clear();
    this.#queue();
    this.#sessionIsOver();
  }

  /** What came together since the last turn leaves together: the head, capsules, FIN. */
  runInTurn(): void {
    this.#queued = false;
    if (this.#connection.destroyed) return;
    if (this.#resetCode !== undefined) this.#cancel(this.#resetCode);
    else {
      this.#flush();
      this.onDataReadable();
    }
    this.#forgetIfDone();
  }

  onDataReadable(): void {
    if (this.#endedAtOnce && this.#state !== 'asked') this.#receiveEnd();
    // Capsules are processed after the 2xx only: until then they wait, with the client if need be.
    while (this.#state !== 'asked' && !this.#receivingOver) {
      const { engine, handle } = this.#connection;
      const chunk = Buffer.allocUnsafe(READ_BYTES);
      const bytes = this.#connection.check(engine.readData(handle, this.id, chunk, 0, READ_BYTES), 'readData');
      // The half is over; an event says how.
      if (bytes < 0) break;
      const { fin } = this.#connection;
      if (bytes > 0) this.#session?.controlData(chunk.subarray(0, bytes));
      if (fin) this.#receiveEnd();
      else if (bytes === 0) break;
    }
    this.#forgetIfDone();
  }

  onDataWritable(): void {
    if (!this.#sendingOver) this.#queue();
  }

  /** The client reset its half. */
  onReset(errorCode: number): void {
    // What came before it holds, such as a session's end with its code: peers send both at once.
    this.onDataReadable();
    this.#receivingOver = true;
    this.#session?.controlReset(errorCode);
    if (this.unanswered) this.#abort(errorCode);
    this.#forgetIfDone();
  }

  /** The client wants nothing more; the engine has reset our half (RFC 9000 3.5). */
  onStopSending(errorCode: number): void {
    this.onDataReadable();
    this.#sendingOver = true;
    this.#session?.controlStopped(errorCode);
    if (this.unanswered) this.#abort(errorCode);
    this.#forgetIfDone();
  }

  /** The connection has ended; its sessions know. */
  onConnectionLost(errorCode: number): void {
    this.#sendingOver = true;
    this.#receivingOver = true;
    if (this.unanswered) this.#owner.onAborted(this, errorCode);
    this.#sessionIsOver();
    this.#forgetIfDone();
  }

  /** The session has ended, and the client does not end its half: no more is waited for. */
  expire(): void {
    this.#session?.controlReset(H3_ERROR.H3_NO_ERROR);
    this.reset(H3_ERROR.H3_NO_ERROR);
  }

  #queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#connection.queue(this);
  }

  #flush(): void {
    // Capsules follow the 2xx.
    if (this.#sendingOver || this.#state === 'asked') return;
    const { engine, handle } = this.#connection;
    const { bytes } = this.#outbox;
    const { length } = bytes;
    const head = this.#head;
    let taken = 0;
    if (head !== undefined) {
      this.#head = undefined;
      taken = this.#connection.check(engine.respond(handle, this.id, head, bytes, 0, length, this.#ending), 'respond');
      // The client takes no head of this size, or nothing any more.
      if (taken < 0) this.#failed();
      else if (this.#state === 'accepted') this.#keepAlive();
    } else if (length > 0) {
      taken = this.#connection.check(engine.sendData(handle, this.id, bytes, 0, length, this.#ending), 'sendData');
    } else if (this.#ending) {
      taken = this.#connection.check(engine.endStream(handle, this.id), 'endStream');
    }
    if (taken > 0) this.#outbox.sent(taken);
    if (taken < 0 || (this.#ending && this.#outbox.isEmpty)) this.#sendingEnded();
  }

  /** A session may be silent: PINGs keep the connection from its idle timeout for as long as the stream is open. */
  #keepAlive(): void {
    const { engine, handle } = this.#connection;
    this.#connection.check(engine.keepAlive(handle, this.id, true), 'keepAlive');
  }

  #sendingEnded(): void {
    this.#sendingOver = true;
    if (this.#state !== 'rejected' || this.#receivingOver) return;
    // RFC 9114 4.1: a complete response needs no more of the request.
    const { engine, handle } = this.#connection;
    this.#connection.check(engine.stopSending(handle, this.id, H3_ERROR.H3_NO_ERROR), 'stopSending');
    this.#receivingOver = true;
  }

  #failed(): void {
    this.#cancel(H3_ERROR.H3_INTERNAL_ERROR);
    this.#session?.controlReset(H3_ERROR.H3_INTERNAL_ERROR);
    this.#sessionIsOver();
  }

  #receiveEnd(): void {
    if (this.#receivingOver) return;
    this.#receivingOver = true;
    this.#session?.controlEnd();
  }

  #abort(errorCode: number): void {
    this.#owner.onAborted(this, errorCode);
    this.reset(H3_ERROR.H3_REQUEST_CANCELLED);
  }

  #cancel(code: number): void {
    const { engine, handle } = this.#connection;
    if (!this.#sendingOver) this.#connection.check(engine.resetStream(handle, this.id, code), 'resetStream');
    if (!this.#receivingOver) this.#connection.check(engine.stopSending(handle, this.id, code), 'stopSending');
    this.#sendingOver = true;
    this.#receivingOver = true;
  }

  #sessionIsOver(): void {
    if (this.#sessionOver) return;
    this.#sessionOver = true;
    this.#owner.onSessionOver(this);
  }

  #forgetIfDone(): void {
    if (this.#sendingOver && this.#receivingOver) this.#owner.onDone(this);
  }
}
