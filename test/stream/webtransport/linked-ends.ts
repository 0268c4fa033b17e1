import type { ControlChannel } from '../../../src/stream/webtransport/control-channel.js';
import type { Http3WebTransportSession } from '../../../src/stream/webtransport/http3-webtransport-session.js';
import type { Http3WebTransportStream } from '../../../src/stream/webtransport/http3-webtransport-stream.js';
import type { FakeCarrier } from './fake-carrier.js';
import { Fixture, RecordedListener, WAIT } from './session-fixture.js';

/** Whose CONNECT stream a control channel speaks to. */
interface Receiver {
  readonly carrier: FakeCarrier;
  session: Http3WebTransportSession | undefined;
}

/** One half of a CONNECT stream between the two ends; what is sent comes in pieces of `pieceBytes`. */
function controlTo(receiver: Receiver, pieceBytes: () => number): ControlChannel {
  const send = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.slice(at, at + pieceBytes());
      at += piece.length;
      receiver.carrier.event(() => receiver.session?.controlData(piece));
    }
  };
  return {
    send,
    end: (bytes = new Uint8Array(0)) => {
      send(bytes);
      receiver.carrier.event(() => receiver.session?.controlEnd());
    },
    reset: (code) => receiver.carrier.event(() => receiver.session?.controlReset(code)),
  };
}

/** Two ends of one connection, turn about, with one session. */
export class LinkedEnds {
  readonly client = new Fixture('client');
  readonly server = new Fixture('server');
  readonly clientListener = new RecordedListener();
  readonly serverListener = new RecordedListener();
  readonly clientSession: Http3WebTransportSession;
  readonly serverSession: Http3WebTransportSession;

  /** @param pieceBytes how much of the CONNECT stream comes at once */
  constructor(pieceBytes: () => number = () => 1) {
    this.client.carrier.link(this.server.carrier);
    const toServer: Receiver = { carrier: this.server.carrier, session: undefined };
    const toClient: Receiver = { carrier: this.client.carrier, session: undefined };
    this.clientSession = this.client.mux.createSession(0, controlTo(toServer, pieceBytes));
    this.serverSession = this.server.mux.createSession(0, controlTo(toClient, pieceBytes));
    toServer.session = this.serverSession;
    toClient.session = this.clientSession;
    this.clientSession.setListener(this.clientListener);
    this.serverSession.setListener(this.serverListener);
    this.serverSession.accepted();
    this.clientSession.accepted();
    this.run();
  }

  /** One turn of each. @returns whether there was anything to do */
  step(): boolean {
    const moved = this.client.carrier.turn();
    return this.server.carrier.turn() || moved;
  }

  run(): void {
    for (let left = 1_000_000; this.step(); left--) if (left === 0) throw new Error('The ends do not come to rest');
  }

  /** Opens a stream, and gives it to `use` in the turn in which it is there. */
  open(end: 'client' | 'server', bidirectional: boolean, use: (stream: Http3WebTransportStream) => void): void {
    const session = end === 'client' ? this.clientSession : this.serverSession;
    session.openStream(bidirectional, WAIT, (stream) => {
      if (typeof stream === 'string') throw new Error(stream);
      use(stream);
    });
  }
}

/** Reads a half to its end; `done` gets everything, or the kind of error. */
export function readAll(
  stream: Http3WebTransportStream,
  done: (bytes: Buffer | string) => void,
  into = Buffer.alloc(16 * 1024),
): void {
  const chunks: Buffer[] = [];
  const read = (): void => {
    stream.receiving?.read(into, (bytes, fin, error) => {
      if (error !== undefined) {
        done(error.kind);
        return;
      }
      chunks.push(Buffer.from(into.subarray(0, bytes)));
      if (fin) done(Buffer.concat(chunks));
      else read();
    });
  };
  read();
}
