import { NativeError } from '../errors.js';
import { ServerEventKind } from '../native-server.js';
import type { CloseReason } from './close-reason.js';
import { HeaderFlag, UNIDIRECTIONAL } from './neqo-events.js';
import { type PathAddresses, type ServerEventReader, STATE_MASK } from './server-events.js';

/** What each event of a connection leads to. Called inside entry points. */
export interface ServerConnectionEvents {
  /** `state`: an Http3State of the native boundary. */
  stateChanged(state: number, reason: CloseReason): void;
  /** `fields`: flat, as received. */
  requestReceived(streamId: number, fields: readonly string[], fin: boolean): void;
  /** A request whose header section is larger than `maxFieldSectionSize`. */
  headersTooLarge(streamId: number): void;
  trailersReceived(streamId: number, fields: readonly string[]): void;
  dataReadable(streamId: number): void;
  dataWritable(streamId: number): void;
  /** The peer reset its half. */
  reset(streamId: number, errorCode: number): void;
  /** The peer wants no more of the response. */
  stopSending(streamId: number, errorCode: number): void;
  priorityUpdated(streamId: number, urgency: number, incremental: boolean): void;
  pathChanged(addresses: PathAddresses): void;
  /** Undefined if there is no WebTransport, or the connection is over. */
  readonly webTransport: ServerWebTransportEvents | undefined;
}

/** What the events lead to that come with the `webtransport` parameter only. Called inside entry points. */
export interface ServerWebTransportEvents {
  settings(settings: ReadonlyMap<number, number>): void;
  /** A stream of a session's came. */
  webTransportStream(streamId: number, sessionId: number): void;
  /** @param bytes a copy */
  datagram(sessionId: number, bytes: Buffer): void;
  datagramsWritable(): void;
  streamsCreatable(bidirectional: boolean): void;
  /** All that was sent on a session's stream, and its end, has arrived. */
  streamFinished(streamId: number): void;
}

type Kind = (typeof ServerEventKind)[keyof typeof ServerEventKind];
type WebTransportKind = (typeof ServerEventKind)[
  | 'SETTINGS'
  | 'WEBTRANSPORT_STREAM'
  | 'DATAGRAM'
  | 'DATAGRAMS_WRITABLE'
  | 'STREAMS_CREATABLE'
  | 'STREAM_FINISHED'];

/** Flag of PRIORITY_UPDATE. */
const INCREMENTAL = 1;
const CLOSE_KIND_SHIFT = 8;

/**
 * Hands the record under the cursor to its connection. Every kind is matched; the compiler checks it.
 * @returns whether it was a request
 */
export function dispatchServerEvent(event: ServerEventReader, connection: ServerConnectionEvents): boolean {
  const kind = event.kind as Kind;
  switch (kind) {
    case ServerEventKind.REQUEST:
      connection.requestReceived(event.streamId, event.headers(), (event.flags & HeaderFlag.FIN) !== 0);
      return true;
    case ServerEventKind.HEADERS_TOO_LARGE:
      connection.headersTooLarge(event.streamId);
      return false;
    case ServerEventKind.DATA_READABLE:
      connection.dataReadable(event.streamId);
      return false;
    case ServerEventKind.DATA_WRITABLE:
      connection.dataWritable(event.streamId);
      return false;
    case ServerEventKind.TRAILERS:
      connection.trailersReceived(event.streamId, event.headers());
      return false;
    case ServerEventKind.RESET:
      connection.reset(event.streamId, event.number);
      return false;
    case ServerEventKind.STOP_SENDING:
      connection.stopSending(event.streamId, event.number);
      return false;
    case ServerEventKind.PRIORITY_UPDATE:
      connection.priorityUpdated(event.streamId, event.number, (event.flags & INCREMENTAL) !== 0);
      return false;
    case ServerEventKind.PATH:
      connection.pathChanged(event.addresses());
      return false;
    case ServerEventKind.STATE_CHANGE: {
      const { flags } = event;
      const reason = { kind: flags >> CLOSE_KIND_SHIFT, code: event.number, text: event.text() };
      connection.stateChanged(flags & STATE_MASK, reason);
      return false;
    }
    case ServerEventKind.SETTINGS:
    case ServerEventKind.WEBTRANSPORT_STREAM:
    case ServerEventKind.DATAGRAM:
    case ServerEventKind.DATAGRAMS_WRITABLE:
    case ServerEventKind.STREAMS_CREATABLE:
    case ServerEventKind.STREAM_FINISHED:
      if (connection.webTransport !== undefined) dispatchWebTransport(event, kind, connection.webTransport);
      return false;
    case ServerEventKind.CONNECTION:
    case ServerEventKind.SERVER_NAME:
      throw new NativeError('A connection appeared under a handle that is in use');
    default:
      throw new NativeError(`Unknown event of kind ${String(kind satisfies never)} from neqo`);
  }
}

function dispatchWebTransport(
  event: ServerEventReader,
  kind: WebTransportKind,
  events: ServerWebTransportEvents,
): void {
  switch (kind) {
    case ServerEventKind.SETTINGS:
      events.settings(event.settings());
      return;
    case ServerEventKind.WEBTRANSPORT_STREAM:
      events.webTransportStream(event.streamId, event.number);
      return;
    case ServerEventKind.DATAGRAM:
      events.datagram(event.streamId, event.bytes());
      return;
    case ServerEventKind.DATAGRAMS_WRITABLE:
      events.datagramsWritable();
      return;
    case ServerEventKind.STREAMS_CREATABLE:
      events.streamsCreatable((event.flags & UNIDIRECTIONAL) === 0);
      return;
    case ServerEventKind.STREAM_FINISHED:
      events.streamFinished(event.streamId);
  }
}
