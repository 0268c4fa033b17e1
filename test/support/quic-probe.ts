import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { bindUdpSocket } from './udp-socket.js';

/** A version of the pattern 0x?a?a?a?a, which every server must answer with Version Negotiation (RFC 9000 6.3, 15). */
const RESERVED_VERSION = 0x1a2a3a4a;
/** Servers answer only datagrams as large as an Initial has to be (RFC 9000 14.1). */
const PROBE_BYTES = 1200;
const CONNECTION_ID_BYTES = 8;
const VERSION_OFFSET = 1;
const PROBE_INTERVAL_MS = 50;

function buildProbe(): Buffer {
  const probe = Buffer.alloc(PROBE_BYTES);
  probe.writeUInt8(0xc0, 0);
  probe.writeUInt32BE(RESERVED_VERSION, VERSION_OFFSET);
  let offset = VERSION_OFFSET + 4;
  for (let count = 0; count < 2; count += 1) {
    probe.writeUInt8(CONNECTION_ID_BYTES, offset);
    randomBytes(CONNECTION_ID_BYTES).copy(probe, offset + 1);
    offset += 1 + CONNECTION_ID_BYTES;
  }
  return probe;
}

/** The versions of a Version Negotiation packet (RFC 8999 6), or undefined for anything else. */
function parseVersions(datagram: Buffer): number[] | undefined {
  if (datagram.length < VERSION_OFFSET + 6 || datagram.readUInt32BE(VERSION_OFFSET) !== 0) {
    return undefined;
  }
  let offset = VERSION_OFFSET + 4;
  offset += 1 + datagram.readUInt8(offset);
  offset += 1 + datagram.readUInt8(offset);
  const versions: number[] = [];
  for (; offset + 4 <= datagram.length; offset += 4) {
    versions.push(datagram.readUInt32BE(offset));
  }
  return versions;
}

/**
 * Waits until a QUIC server answers at an address.
 * @param host IP literal
 * @param shouldGoOn asked before each probe; a server that has ended need not be waited for
 * @returns the QUIC versions that it offers, or undefined if `shouldGoOn` said no first
 */
export async function waitForQuic(
  host: string,
  port: number,
  shouldGoOn: () => boolean,
): Promise<number[] | undefined> {
  const anyHost = host.includes(':') ? '::' : '0.0.0.0';
  const socket = await bindUdpSocket(anyHost, 0);
  // A closed port answers with ICMP; the next probe may find it open.
  socket.on('error', () => undefined);
  let versions: number[] | undefined;
  socket.on('message', (datagram) => {
    versions ??= parseVersions(datagram);
  });
  try {
    while (versions === undefined && shouldGoOn()) {
      socket.send(buildProbe(), port, host);
      await sleep(PROBE_INTERVAL_MS);
    }
    return versions;
  } finally {
    socket.close();
  }
}
