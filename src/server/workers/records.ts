/**
 * What the thread that owns the sockets and a worker thread tell each other about requests.
 *
 * One message of a port is a batch: `[records, slab, large, large …]`. `records` is one flat array, {@link RECORD_LENGTH}
 * items a record: kind, stream key, text, and three numbers. A flat array of numbers and strings is what structured clone
 * copies fastest; the buffers are transferred. Buffer 0 (the slab) has the small body chunks of the batch one after another,
 * and is undefined if there are none.
 */

export type RecordItem = number | string;

export type Batch = readonly [records: readonly RecordItem[], slab: ArrayBuffer | undefined, ...large: ArrayBuffer[]];

/** Items of a record: kind, stream key, text, a, b, c. */
export const RECORD_LENGTH = 6;

/**
 * Kinds of records. Header sections are texts: names and values in turn, each ended by a NUL, which no field may contain
 * (RFC 9110 5.5). Numbers that a kind does not name are 0, its text is ''.
 */
export const RecordKind = {
  /** To the worker. Text: header section; a: stream id; b: {@link RequestFlag}s; c: session key, 0 for none. */
  REQUEST: 1,
  /** To the worker, before the session's first request. Text: JSON of a SessionDescription; a: session key. */
  SESSION: 2,
  /** To the worker: no more requests of the session. a: session key. */
  SESSION_CLOSED: 3,
  /** To the worker: the stream is gone. a: HTTP/3 error code; b: 1 if the peer aborted it; text: message of its error, if any. */
  CLOSED: 4,
  /** To the worker: no more requests; clean up and exit. */
  SHUTDOWN: 5,
  /** To the worker: a block whose bytes were consumed, to be used again. a: index of the buffer. */
  BLOCK: 6,

  /** Both ways. Body bytes. a: index of the buffer; b: offset; c: length. */
  DATA: 10,
  /** DATA, and the body ends with it. */
  DATA_END: 11,
  /** Both ways. The body ends. */
  END: 12,
  /** Both ways. Text: header section. From the worker it ends the response. */
  TRAILERS: 13,
  /** Both ways. a: body bytes consumed, which the other side may send again. */
  CREDIT: 14,

  /** From the worker: its module is loaded. */
  READY: 20,
  /** From the worker. Text: header section with ':status'; a: {@link RespondFlag}s. */
  RESPOND: 21,
  /** From the worker: an interim response. Text: header section with ':status'. */
  INFORMATION: 22,
  /** From the worker: `stream.close(code)`. a: HTTP/3 error code. */
  CLOSE: 23,
  /** From the worker: `session.close()`. a: session key. */
  SESSION_CLOSE: 24,
  /** From the worker: `session.destroy(error, code)`. a: session key; b: HTTP/3 error code; text: the error's message. */
  SESSION_DESTROY: 25,
} as const;

/** Bits of REQUEST's b; above them, from HTTP_FLAGS_SHIFT, the `flags` argument of the stream's listener. */
export const RequestFlag = {
  END_AFTER_HEADERS: 1,
  INCREMENTAL: 2,
  /** Urgency 0 to 7 (RFC 9218 4.1) in the next three bits. */
  URGENCY_SHIFT: 2,
  URGENCY_MASK: 7,
  /** A stream of the TCP sibling. */
  HTTP2: 32,
  HTTP_FLAGS_SHIFT: 8,
} as const;

export const RespondFlag = { END_STREAM: 1, WAIT_FOR_TRAILERS: 2 } as const;
