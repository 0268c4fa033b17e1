import { H3_ERROR, type Http3Error } from '../errors.js';
import { NativeResult, Status } from '../native.js';
import { networkWatch } from '../transport/network-watch.js';
import type { CommandQueue } from './command-queue.js';
import type { NeqoDriver } from './neqo-driver.js';
import { PathKeeper } from './path-keeper.js';
import { SessionPings } from './session-pings.js';
import { SessionProbe } from './session-probe.js';
import type { Session, SessionConnection, SessionListener } from './session-types.js';
import { isPathError } from './socket-errors.js';

/** What the upkeep needs of the session. */
export interface KeptSession extends Session {
  processInput(): void;
  processOutput(): void;
}

/** Steps that read the old socket before a move: more than its buffer holds, unless the server sends faster than they read. */
const MAX_DRAIN_STEPS = 4;

/** Keeps an established connection alive, or finds out that it is dead, and keeps it on a path that works. */
export class SessionUpkeep {
  readonly #session: KeptSession;
  readonly #listener: SessionListener;
  readonly #driver: NeqoDriver;
  readonly #socket: SessionConnection['socket'];
  readonly #commands: CommandQueue;
  readonly #pings = new SessionPings();
  readonly #probe: SessionProbe;
  readonly #path: PathKeeper;

  /** @param pingInterval milliseconds between PINGs, 0 for none */
  constructor(
    session: KeptSession,
    listener: SessionListener,
    driver: NeqoDriver,
    socket: SessionConnection['socket'],
    commands: CommandQueue,
    pingInterval: number,
  ) {
    this.#session = session;
    this.#listener = listener;
    this.#driver = driver;
    this.#socket = socket;
    this.#commands = commands;
    const lost = (reason: Http3Error) => this.#abandon(reason);
    this.#probe = new SessionProbe({ ping: () => this.ping(), stats: () => session.stats(), lost }, pingInterval);
    this.#path = new PathKeeper({
      get localAddress() {
        return socket.localAddress;
      },
      move: (elsewhere) =>
        commands.ask(
          () => this.#move(elsewhere),
          () => false,
        ),
    });
  }

  /** The handshake is done. */
  begin(): void {
    this.#probe.start();
    networkWatch().attach(this.#path);
  }

  /** The connection is over. Idempotent. */
  end(): void {
    networkWatch().detach(this.#path);
    this.#path.stop();
    this.#probe.stop();
    this.#pings.settle(undefined);
  }

  rebind(): Promise<boolean> {
    return this.#path.rebind();
  }

  ping(): Promise<number | undefined> {
    return new Promise((resolve) => {
      const send = () => {
        if (!this.#pings.isUnderWay) this.#driver.conn.ping();
        this.#pings.wait(resolve);
      };
      this.#commands.push(send, () => resolve(undefined));
    });
  }

  probe(): void {
    this.#probe.probe();
  }

  pingAcknowledged(ms: number): void {
    this.#pings.settle(ms);
    this.#listener.onPing?.(this.#session, ms);
  }

  datagramsReceived(): void {
    this.#path.pathWorks();
  }

  /** Reading or sending failed. */
  socketFailed(errno: number): void {
    if (this.#session.connected && isPathError(errno)) this.#path.pathLost();
  }

  #move(elsewhere: boolean): boolean {
    if (!this.#session.connected) return false;
    this.#drain();
    return this.#socket.rebind(
      ({ fd, localAddress, localPort }) =>
        !(elsewhere && localAddress === this.#socket.localAddress) &&
        this.#driver.check(this.#driver.conn.rebind(fd, localAddress, localPort), 'rebind') === NativeResult.OK,
    );
  }

  /** What has arrived at the socket that is about to be closed still counts. */
  #drain(): void {
    let steps = 0;
    do {
      this.#session.processInput();
      steps += 1;
    } while (this.#driver.status[Status.INPUT_MORE] === 1 && steps < MAX_DRAIN_STEPS);
  }

  /** The server is told, should it listen after all, and nothing is waited for. */
  #abandon(reason: Http3Error): void {
    this.#commands.push(() => {
      this.#driver.conn.close(H3_ERROR.H3_NO_ERROR, '');
      this.#session.processOutput();
      throw reason;
    });
  }
}
