import { type ResolvedConnectionOptions, resolveConnectionOptions } from '../../http/connection-options.js';
import type { Origin } from '../../http/origin.js';
import type { WebTransportParams } from '../../session/session-params.js';
import { webTransportLimits } from '../../stream/webtransport/limits.js';
import type { CheckedOptions } from '../connector.js';

/** Streams of each kind that the server may have open at once, if the application does not expect more. */
const DEFAULT_INCOMING_STREAMS = 1024;
/** Of a DATAGRAM frame (RFC 9221 3): whatever fits into a UDP packet. */
const DATAGRAM_SIZE = 65_535;
/** Datagrams that neqo holds until there is room in a packet; more wait in the session, where they can expire. */
const OUTGOING_DATAGRAMS = 128;
/** Datagrams of one batch from the socket. */
const INCOMING_DATAGRAMS = 4096;

/**
 * How the connection of a session is made.
 *
 * @throws InvalidArgumentError that names an option of `connection`
 */
export function clientConnectionOptions(origin: Origin, options: CheckedOptions): ResolvedConnectionOptions {
  const { serverCertificateHashes: hashes, connection } = options;
  // A hash says all about the certificate: no trust anchors are needed, and they take time to load.
  const byHash = hashes.length > 0;
  const resolved = resolveConnectionOptions(origin, byHash ? { ...connection, rejectUnauthorized: false } : connection);
  return {
    ...resolved,
    // Sessions are never resumed: WebTransport does not go in 0-RTT, and without it that saves no round trip.
    earlyData: false,
    tokenStore: undefined,
    certificateHashes: byHash
      ? hashes.filter(({ algorithm }) => algorithm === 'sha-256').map(({ value }) => value)
      : undefined,
    webTransport: webTransportParams(options),
  };
}

function webTransportParams(options: CheckedOptions): WebTransportParams {
  const bidirectional = options.anticipatedConcurrentIncomingBidirectionalStreams ?? 0;
  const unidirectional = options.anticipatedConcurrentIncomingUnidirectionalStreams ?? 0;
  const maxStreamsBidi = Math.max(bidirectional, DEFAULT_INCOMING_STREAMS);
  const maxStreamsUni = Math.max(unidirectional, DEFAULT_INCOMING_STREAMS);
  return {
    limits: webTransportLimits(maxStreamsBidi, maxStreamsUni),
    maxStreamsBidi,
    maxStreamsUni,
    datagramSize: DATAGRAM_SIZE,
    outgoingDatagramQueue: OUTGOING_DATAGRAMS,
    incomingDatagramQueue: INCOMING_DATAGRAMS,
  };
}
