import type { Http3Stream } from '../stream/http3-stream.js';
import type { WebTransportMux } from '../stream/webtransport/webtransport-mux.js';
import type { NeqoEventHandler } from './neqo-event-dispatch.js';
import type { ReadyToWriteQueue } from './ready-to-write-queue.js';
import type { StreamTable } from './stream-table.js';

/** The events that concern one stream, or WebTransport alone. */
type StreamEventHandler = Pick<
  NeqoEventHandler,
  | 'headerReady'
  | 'trailers'
  | 'dataReadable'
  | 'dataWritable'
  | 'reset'
  | 'stopSending'
  | 'settings'
  | 'webTransportStream'
  | 'datagram'
  | 'datagramsWritable'
  | 'streamsCreatable'
  | 'streamFinished'
>;

/**
 * Hands the events of streams to those they belong to: a request's to its Http3Stream, which is looked for first so that
 * plain HTTP pays nothing, all others to WebTransport.
 *
 * @param mux undefined if the connection has no WebTransport
 */
export function streamEvents(
  streams: StreamTable,
  readyForWrite: ReadyToWriteQueue<Http3Stream>,
  mux: WebTransportMux | undefined,
): StreamEventHandler {
  return {
    headerReady: (streamId, headers, interim, fin) => streams.get(streamId)?.onHeaders(headers, interim, fin),
    trailers: (streamId, headers) => streams.get(streamId)?.onTrailers(headers),
    dataReadable: (streamId) => {
      const stream = streams.get(streamId);
      if (stream !== undefined) stream.writeSegments();
      else mux?.dataReadable(streamId);
    },
    dataWritable: (streamId) => {
      const stream = streams.get(streamId);
      // The entry point that this runs in writes, or asks for a turn at its end.
      if (stream !== undefined) readyForWrite.add(stream);
      else mux?.dataWritable(streamId);
    },
    reset: (streamId, errorCode, local) => {
      const stream = streams.get(streamId);
      if (stream !== undefined) stream.onReset(errorCode, local);
      else mux?.reset(streamId, errorCode);
    },
    stopSending: (streamId, errorCode) => {
      const stream = streams.get(streamId);
      if (stream !== undefined) stream.onStopSending(errorCode);
      else mux?.stopSending(streamId, errorCode);
    },
    settings: (settings) => mux?.settingsReceived(settings),
    webTransportStream: (streamId, sessionId) => mux?.streamOpened(streamId, sessionId),
    datagram: (sessionId, bytes) => mux?.datagramReceived(sessionId, bytes),
    datagramsWritable: () => mux?.datagramsWritable(),
    streamsCreatable: (bidirectional) => mux?.streamsCreatable(bidirectional),
    streamFinished: (streamId) => mux?.streamFinished(streamId),
  };
}
