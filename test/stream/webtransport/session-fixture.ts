import type { ControlChannel } from '../../../src/stream/webtransport/control-channel.js';
import type { Http3WebTransportSession } from '../../../src/stream/webtransport/http3-webtransport-session.js';
import type { Http3WebTransportStream } from '../../../src/stream/webtransport/http3-webtransport-stream.js';
import { type WebTransportLimits, webTransportLimits } from '../../../src/stream/webtransport/limits.js';
import type { WriteDone } from '../../../src/stream/webtransport/send-half.js';
import type { SessionEnd } from '../../../src/stream/webtransport/session-end.js';
import type { WebTransportSessionListener } from '../../../src/stream/webtransport/session-listener.js';
import { WebTransportMux } from '../../../src/stream/webtransport/webtransport-mux.js';
import { FakeCarrier } from './fake-carrier.js';

/** Records what a session does with its CONNECT stream. */
export class RecordedControl implements ControlChannel {
  /** 'send <hex>', 'end <hex>', 'reset <code>', oldest first. */
  readonly calls: string[] = [];

  send(bytes: Uint8Array): void {
    this.calls.push(`send ${Buffer.from(bytes).toString('hex')}`);
  }

  end(bytes: Uint8Array = new Uint8Array(0)): void {
    this.calls.push(`end ${Buffer.from(bytes).toString('hex')}`);
  }

  reset(code: number): void {
    this.calls.push(`reset ${code}`);
  }
}

/** Records what a session tells its user. */
export class RecordedListener implements WebTransportSessionListener {
  readonly streams: Http3WebTransportStream[] = [];
  readonly datagrams: string[] = [];
  draining = 0;
  readonly ends: SessionEnd[] = [];
  /** Names of the calls, oldest first. */
  readonly order: string[] = [];

  onIncomingStream(stream: Http3WebTransportStream): void {
    this.streams.push(stream);
    this.order.push('stream');
  }

  onDatagram(bytes: Buffer): void {
    this.datagrams.push(bytes.toString());
    this.order.push('datagram');
  }

  onDraining(): void {
    this.draining += 1;
    this.order.push('draining');
  }

  onClosed(end: SessionEnd): void {
    this.ends.push(end);
    this.order.push('closed');
  }
}

/** SETTINGS of a peer that speaks everything. */
export const ALL_SETTINGS: ReadonlyMap<number, number> = new Map([
  [0x08, 1],
  [0x33, 1],
  [0x2b603742, 1],
  [0xc671706a, 4],
  [0x14e9cd29, 1],
  [0x2c7cf000, 1],
]);

/** SETTINGS of a peer with flow control of sessions. */
export function flowControlSettings(
  maxData: number,
  maxStreamsBidirectional: number,
  maxStreamsUnidirectional: number,
): ReadonlyMap<number, number> {
  return new Map([
    ...ALL_SETTINGS,
    [0x2b61, maxData],
    [0x2b64, maxStreamsUnidirectional],
    [0x2b65, maxStreamsBidirectional],
  ]);
}

/** SETTINGS of a peer that speaks draft 02 only. */
export const DRAFT_02_SETTINGS: ReadonlyMap<number, number> = new Map([
  [0x33, 1],
  [0x2b603742, 1],
]);

/** One end of a connection without a peer. */
export class Fixture {
  readonly carrier: FakeCarrier;
  readonly mux: WebTransportMux;
  readonly controls = new Map<number, RecordedControl>();

  constructor(
    role: 'client' | 'server' = 'client',
    limits: Partial<WebTransportLimits> = {},
    peerSettings: ReadonlyMap<number, number> = DRAFT_02_SETTINGS,
  ) {
    this.carrier = new FakeCarrier(role);
    this.mux = new WebTransportMux(this.carrier, role, { ...webTransportLimits(100, 100), ...limits });
    this.carrier.mux = this.mux;
    this.carrier.event((mux) => mux.settingsReceived(peerSettings));
    this.carrier.settle();
  }

  /** A session whose CONNECT request is not answered yet. */
  connecting(id = 0): Http3WebTransportSession {
    const control = new RecordedControl();
    this.controls.set(id, control);
    return this.mux.createSession(id, control);
  }

  /** An open session with somebody who listens. */
  open(id = 0): { session: Http3WebTransportSession; listener: RecordedListener; control: RecordedControl } {
    const session = this.connecting(id);
    const listener = new RecordedListener();
    session.setListener(listener);
    session.accepted();
    this.carrier.settle();
    return { session, listener, control: this.control(id) };
  }

  control(id = 0): RecordedControl {
    const control = this.controls.get(id);
    if (control === undefined) throw new Error(`No session ${id}`);
    return control;
  }

  /** Bytes of the CONNECT stream, in a turn of their own. */
  capsules(session: Http3WebTransportSession, hex: string): void {
    this.carrier.event(() => session.controlData(Buffer.from(hex.replaceAll(' ', ''), 'hex')));
    this.carrier.turn();
  }

  /** A stream of this end's. */
  openStream(session: Http3WebTransportSession, bidirectional = true): Http3WebTransportStream {
    let opened: Http3WebTransportStream | string | undefined;
    session.openStream(bidirectional, { waitUntilAvailable: false, sendGroup: 0, sendOrder: 0 }, (result) => {
      opened = result;
    });
    this.carrier.settle();
    if (typeof opened !== 'object') throw new Error(`No stream: ${opened}`);
    return opened;
  }
}

export const NO_PRIORITY = { waitUntilAvailable: false, sendGroup: 0, sendOrder: 0 } as const;
export const WAIT = { waitUntilAvailable: true, sendGroup: 0, sendOrder: 0 } as const;

/** How a half ended, in a word: 'ok', 'stopped 7', 'reset undefined', 'session clean', 'session failed'. */
export function outcome(error: Parameters<WriteDone>[0]): string {
  if (error === undefined) return 'ok';
  if (error.kind === 'blocked') return 'blocked';
  return error.kind === 'session' ? `session ${error.end.kind}` : `${error.kind} ${error.code}`;
}
