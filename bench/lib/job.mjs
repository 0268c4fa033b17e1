/**
 * What a client program is told to do, and what it answers: one object as JSON in its first argument, one as the last line
 * that it prints. The Rust example takes the same as options.
 *
 * @typedef {object} Target
 * @property {string} origin such as `https://127.0.0.1:4433`
 * @property {string} path
 * @property {string} caFile PEM
 * @property {string} certHash SHA-256 of the server's certificate in hex
 */

/** @typedef {'upload' | 'download' | 'streams' | 'messages' | 'datagramMessages' | 'datagrams'} WebTransportExchange */
/** @typedef {{ exchange: WebTransportExchange, bytes: number }} WebTransportJob `bytes`: of each stream, message or datagram */

/**
 * @typedef {object} Job
 * @property {number} requests how many times the path is fetched
 * @property {number} concurrency requests in flight at once on a connection, at most
 * @property {number} [connections] at once; default 1
 * @property {boolean} fresh a new connection for each request, without resumption
 * @property {boolean} [streamed] `fetch` reads bodies in pieces, not as a whole
 * @property {WebTransportJob} [webTransport] then `requests` are streams, messages or datagrams, all in one session
 */

/**
 * @typedef {object} Result
 * @property {number} bytes body bytes received
 * @property {number} requests completed
 * @property {number} seconds from before the connection is made to the last byte
 * @property {number} [medianSeconds] from the beginning of a request to its last byte
 * @property {number} [received] datagrams that the server has received
 * @property {number} [receivingSeconds] from the first of these to the last
 * @property {number} [sendingSeconds] until the client has taken the last datagram
 * @property {number} cpuSeconds user and system time of the whole process in that time
 */

export {};
