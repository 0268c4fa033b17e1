import { NativeError } from '../errors.js';
import { EventKind } from '../native.js';
import type { CloseReason } from './close-reason.js';
import { HeaderFlag, type NeqoEventReader, RESET_LOCAL, UNIDIRECTIONAL } from './neqo-events.js';

/** A change to Closing or Closed: why, and the ECHConfigList if that is an ECH retry. */
export interface CloseEvent extends CloseReason {
  readonly payload: () => Buffer;
}

/** What each event of neqo leads to. */
export interface NeqoEventHandler {
  headerReady(streamId: number, headers: readonly string[], interim: boolean, fin: boolean): void;
  trailers(streamId: number, headers: readonly string[]): void;
  dataReadable(streamId: number): void;
  dataWritable(streamId: number): void;
  reset(streamId: number, errorCode: number, local: boolean): void;
  stopSending(streamId: number, errorCode: number): void;
  requestsCreatable(): void;
  /** `publicName`: of an ECH fallback. */
  authenticationNeeded(publicName: string | undefined): void;
  resumptionToken(token: Uint8Array, expires: number): void;
  zeroRttRejected(): void;
  goawayReceived(): void;
  /** `ms`: from what `ping` sent to its acknowledgement. */
  pingAcknowledged(ms: number): void;
  /** `state`: an Http3State of the native boundary. */
  stateChange(state: number, close: CloseEvent): void;
  // What follows comes with `params.webtransport` only.
  /** The peer's settings, by identifier. */
  settings?(settings: ReadonlyMap<number, number>): void;
  /** The peer opened a stream of a session. */
  webTransportStream?(streamId: number, sessionId: number): void;
  datagram?(sessionId: number, bytes: Buffer): void;
  datagramsWritable?(): void;
  streamsCreatable?(bidirectional: boolean): void;
  /** All of a stream that this side has ended is acknowledged. */
  streamFinished?(streamId: number): void;
}

type Kind = (typeof EventKind)[keyof typeof EventKind];

/** Hands the record under the cursor to its handler. Every kind is matched; the compiler checks it. */
export function dispatchNeqoEvent(event: NeqoEventReader, handler: NeqoEventHandler): void {
  const kind = event.kind as Kind;
  switch (kind) {
    case EventKind.HEADER_READY: {
      const { flags } = event;
      const interim = (flags & HeaderFlag.INTERIM) !== 0;
      handler.headerReady(event.streamId, event.headers(), interim, (flags & HeaderFlag.FIN) !== 0);
      return;
    }
    case EventKind.TRAILERS:
      handler.trailers(event.streamId, event.headers());
      return;
    case EventKind.DATA_READABLE:
      handler.dataReadable(event.streamId);
      return;
    case EventKind.DATA_WRITABLE:
      handler.dataWritable(event.streamId);
      return;
    case EventKind.RESET:
      handler.reset(event.streamId, event.number, (event.flags & RESET_LOCAL) !== 0);
      return;
    case EventKind.STOP_SENDING:
      handler.stopSending(event.streamId, event.number);
      return;
    case EventKind.REQUESTS_CREATABLE:
      handler.requestsCreatable();
      return;
    case EventKind.AUTHENTICATION_NEEDED:
      handler.authenticationNeeded(undefined);
      return;
    case EventKind.ECH_FALLBACK_AUTHENTICATION_NEEDED:
      handler.authenticationNeeded(event.text());
      return;
    case EventKind.RESUMPTION_TOKEN:
      handler.resumptionToken(event.bytes(), event.number);
      return;
    case EventKind.ZERO_RTT_REJECTED:
      handler.zeroRttRejected();
      return;
    case EventKind.GOAWAY_RECEIVED:
      handler.goawayReceived();
      return;
    case EventKind.PING_ACKNOWLEDGED:
      handler.pingAcknowledged(event.number);
      return;
    case EventKind.STATE_CHANGE: {
      const close = { kind: event.flags >> 8, code: event.number, text: event.text(), payload: () => event.bytes() };
      handler.stateChange(event.flags & 0xff, close);
      return;
    }
    case EventKind.PUSH_PROMISE:
    case EventKind.PUSH_HEADER_READY:
    case EventKind.PUSH_DATA_READABLE:
    case EventKind.PUSH_CANCELED:
    case EventKind.PUSH_RESET:
      // Push is never enabled (no MAX_PUSH_ID is sent): neqo answers a push with H3_ID_ERROR, and these cannot come.
      return;
    case EventKind.SETTINGS:
      handler.settings?.(event.settings());
      return;
    case EventKind.WEBTRANSPORT_STREAM:
      handler.webTransportStream?.(event.streamId, event.number);
      return;
    case EventKind.DATAGRAM:
      handler.datagram?.(event.streamId, event.bytes());
      return;
    case EventKind.DATAGRAMS_WRITABLE:
      handler.datagramsWritable?.();
      return;
    case EventKind.STREAMS_CREATABLE:
      handler.streamsCreatable?.((event.flags & UNIDIRECTIONAL) === 0);
      return;
    case EventKind.STREAM_FINISHED:
      handler.streamFinished?.(event.streamId);
      return;
    default:
      throw new NativeError(`Unknown event of kind ${String(kind satisfies never)} from neqo`);
  }
}
