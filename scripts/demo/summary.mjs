/** What the demo says of connections and transfers. */
import { cipherName, groupName, h3ErrorName, signatureSchemeName, tlsVersionName } from './library.mjs';

const LABEL_COLUMNS = 14;

/** @param {string} label @param {string} text */
export const fact = (label, text) => `  ${label.padEnd(LABEL_COLUMNS)}${text}`;

/** @param {number} milliseconds */
const time = (milliseconds) =>
  milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;

/** @param {boolean} is */
export const yesOrNo = (is) => (is ? 'yes' : 'no');

/** @param {import('./transfers.mjs').Transfer} transfer @returns {string[]} */
export function timingFacts({ bytes, firstByteMs, totalMs }) {
  const megabytes = bytes / 1e6;
  const firstByte = firstByteMs === undefined ? '' : `first byte ${time(firstByteMs)}, `;
  const rate = megabytes >= 1 ? `, ${(megabytes / (totalMs / 1000)).toFixed(1)} MB/s` : '';
  return [fact('time', `${firstByte}total ${time(totalMs)}${rate}`)];
}

/** @param {import('./transfers.mjs').Connection} connection @returns {string[]} */
export function connectionFacts({ info, lookupMs, handshakeMs }) {
  const { tls } = info;
  const tlsNames =
    tls === undefined
      ? 'unknown'
      : [
          tlsVersionName(tls.version),
          cipherName(tls.cipher),
          groupName(tls.group),
          signatureSchemeName(tls.signatureScheme),
        ].join(', ');
  return [
    // The library offers version 2 only on request (quic.versionNegotiation).
    fact('QUIC', 'version 1'),
    fact('TLS', tlsNames),
    fact('ALPN', info.alpnProtocol),
    fact('certificate', `${info.certificates[0]?.subject ?? 'none'}, ${info.authorized ? 'verified' : 'not verified'}`),
    fact('resumed', `${yesOrNo(info.resumed)}; 0-RTT ${info.earlyData}`),
    fact('from', `${info.localAddress} port ${info.localPort}`),
    fact('to', `${info.remoteAddress} port ${info.remotePort}`),
    fact('time', `look-up ${time(lookupMs)}, handshake ${time(handshakeMs)}`),
  ];
}

/** @param {string} why @param {import('../../src/index.js').ResponseConnectionInfo} info @returns {string[]} */
export function fetchFacts(why, { protocol, resumed, earlyData, timings, localPort, remotePort }) {
  const { start, responseStart = start } = timings;
  const ports = localPort === undefined ? '' : `, from port ${localPort} to ${remotePort}`;
  return [
    fact(`over ${protocol}`, why),
    fact(
      '',
      `first byte ${time(responseStart - start)}${ports}; resumed ${yesOrNo(resumed ?? false)}; 0-RTT ${yesOrNo(earlyData)}`,
    ),
  ];
}

/** @param {number} bytes */
const size = (bytes) => (bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** @param {import('./loopback-server-process.mjs').ServerSide} connection @returns {string[]} */
export function serverFacts(connection) {
  const { sessionId, fd, remoteAddress, remotePort, requests, bytesReceived, bytesSent, tls, code } = connection;
  return [
    fact('session id', String(sessionId)),
    fact('virtual fd', String(fd)),
    fact('client', `${remoteAddress} port ${remotePort}`),
    fact('TLS', tls === undefined ? 'unknown' : `${tls.cipher}, ${tls.group}; ALPN ${tls.alpn}`),
    fact('resumed', tls === undefined ? 'unknown' : `${yesOrNo(tls.resumed)}; 0-RTT ${yesOrNo(tls.earlyData)}`),
    fact('requests', String(requests)),
    fact('bytes', `received ${size(bytesReceived)}, sent ${size(bytesSent)}`),
    fact('ended with', h3ErrorName(code)),
  ];
}
