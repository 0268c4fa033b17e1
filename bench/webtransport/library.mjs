/**
 * What the libraries for Node have in common, which is the W3C's interface: client and server of the benchmarks use nothing else.
 *
 * @typedef {import('node:stream/web').ReadableStream<Uint8Array>} Readable
 */

/** @typedef {import('node:stream/web').WritableStream<Uint8Array>} Writable */
/** @typedef {{ readonly readable: Readable, readonly writable: Writable }} BidirectionalStream */

/**
 * @typedef {object} Datagrams
 * @property {Readable} readable
 * @property {() => Writable} [createWritable] of the W3C's edition since 2025
 * @property {Writable} [writable] of those before
 */

/**
 * @typedef {object} Session
 * @property {(options?: { waitUntilAvailable: boolean }) => Promise<BidirectionalStream>} createBidirectionalStream
 * @property {import('node:stream/web').ReadableStream<BidirectionalStream>} incomingBidirectionalStreams
 * @property {Datagrams} datagrams
 * @property {() => void} close
 * @property {Promise<unknown>} closed
 */

/** @typedef {(path: string, session: Session) => void} OnSession */

/**
 * @typedef {object} Library one module of bench/webtransport/libraries
 * @property {(url: string, certHash: Buffer) => Promise<Session>} connect
 * @property {(where: { host: string, port: number, key: string, cert: string }, onSession: OnSession) => Promise<void>} listen key and
 *   certificate are PEM; not all tell which port they got, so they are told
 */

/**
 * @param {Session} session
 * @returns {import('node:stream/web').WritableStreamDefaultWriter<Uint8Array>}
 * @throws {Error} for a session without datagrams
 */
export function datagramWriter({ datagrams }) {
  const writable = datagrams.createWritable?.() ?? datagrams.writable;
  if (writable === undefined) throw new Error('the library has no way to send datagrams');
  return writable.getWriter();
}
