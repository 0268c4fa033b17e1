import type { NativeStats } from '../native.js';
import type { SessionStats } from '../stream/webtransport/session-types.js';
import type { DatagramSettings } from './datagram-settings.js';
import type { WebTransportConnectionStats, WebTransportDatagramStats } from './dictionaries.js';

const BITS_IN_BYTE = 8;

/**
 * What neqo and the queues know, as the W3C's dictionary (W3C WebTransport 6.13 and 6.14).
 *
 * Absent, because neqo counts packets and not their payload: `bytesSent`, `bytesSentOverhead`, `bytesAcknowledged`.
 */
export function connectionStats(stats: SessionStats, settings: DatagramSettings): WebTransportConnectionStats {
  const { connection, datagramsDroppedEarly } = stats;
  const { droppedIncoming, expiredIncoming, expiredOutgoing } = settings;
  const datagrams = { droppedIncoming: droppedIncoming + datagramsDroppedEarly, expiredIncoming, expiredOutgoing };
  if (connection === undefined) return { datagrams, estimatedSendRate: null, atSendCapacity: false };
  return { ...known(connection), datagrams: withConnection(datagrams, connection) };
}

function known(connection: NativeStats): Omit<WebTransportConnectionStats, 'datagrams'> {
  const { minRttMs, sendRate } = connection;
  return {
    packetsSent: connection.packetsSent,
    bytesLost: connection.packetBytesLost,
    packetsLost: connection.packetsLost,
    bytesReceived: connection.bytesReceived,
    packetsReceived: connection.packetsReceived,
    smoothedRtt: connection.rttMs,
    rttVariation: connection.rttVarMs,
    ...(minRttMs === undefined ? {} : { minRtt: minRttMs }),
    estimatedSendRate: sendRate === undefined ? null : Math.round(sendRate * BITS_IN_BYTE),
    atSendCapacity: connection.congestionLimited ?? false,
  };
}

/** neqo drops what comes when nobody takes its events, and tells what was lost. */
function withConnection(
  datagrams: Required<Pick<WebTransportDatagramStats, 'droppedIncoming' | 'expiredIncoming' | 'expiredOutgoing'>>,
  connection: NativeStats,
): WebTransportDatagramStats {
  return {
    ...datagrams,
    droppedIncoming: datagrams.droppedIncoming + connection.datagramsDroppedIncoming,
    lostOutgoing: connection.datagramsLost,
  };
}
