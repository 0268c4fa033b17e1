/** What `npm run demo -- serve` says of itself: where it is, who it is, and how browsers get there by HTTP/3. */
import { isIPv6 } from 'node:net';
import { ownAddresses } from './serve-certificate.mjs';
import { fact } from './summary.mjs';

const WILDCARDS = new Set(['0.0.0.0', '::']);

/** @param {string} host @returns {string} as in a URL */
const bracketed = (host) => (isIPv6(host) ? `[${host}]` : host);

/**
 * @param {string} host as the user named it
 * @param {number} port
 * @returns {string[]} the `HOST:PORT` under which it can be reached, the best one first
 */
export function authorities(host, port) {
  const hosts = WILDCARDS.has(host) ? ['127.0.0.1', ...ownAddresses()] : [host];
  const reachable = host === '0.0.0.0' ? hosts.filter((address) => !isIPv6(address)) : hosts;
  return reachable.map((address) => `${bracketed(address)}:${port}`);
}

/**
 * @param {string} directory
 * @param {readonly string[]} reachable as `authorities` gives them
 * @param {import('./serve-certificate.mjs').ServeCertificate} certificate
 * @returns {string[]} lines
 */
export function instructions(directory, reachable, certificate) {
  const [authority = ''] = reachable;
  const url = `https://${authority}/`;
  const { isNew, subject, validTo, sha256, spkiSha256 } = certificate;
  return [
    `Serving ${directory} over HTTP/3, and over HTTP/2 and HTTP/1.1, whose responses tell of HTTP/3 (Alt-Svc)`,
    ...reachable.map((other, index) => fact(index === 0 ? 'URL' : '', `https://${other}/`)),
    fact('certificate', `${subject}, ${isNew ? 'self-signed, ' : ''}valid until ${validTo}`),
    fact('SHA-256', `${sha256}  (the certificate's, hex)`),
    fact('', `${spkiSha256}  (its public key's, base64)`),
    '',
    'Chromium or Chrome, with a profile of its own, over HTTP/3 from the first request on:',
    `  ${chromiumCommand(reachable, url, spkiSha256)}`,
    '',
    ...firefoxHint(isNew, url),
    '',
    'The shell client, in another terminal:',
    `  npm run demo -- ${isNew ? '-k ' : ''}${url}`,
    '',
    'Requests as they come (Ctrl-C ends it):',
  ];
}

/**
 * @param {readonly string[]} reachable
 * @param {string} url
 * @param {string} spkiSha256
 */
function chromiumCommand(reachable, url, spkiSha256) {
  const options = [
    '--user-data-dir="$(mktemp -d)"',
    `--origin-to-force-quic-on=${reachable.join(',')}`,
    `--ignore-certificate-errors-spki-list=${spkiSha256}`,
  ];
  // Chromium's sandbox refuses to be run by root.
  if (process.getuid?.() === 0) options.push('--no-sandbox');
  return `chromium ${options.join(' ')} ${url}`;
}

/**
 * Firefox accepts an exception for a certificate over TCP, but none over QUIC.
 *
 * @param {boolean} isNew
 * @param {string} url
 */
function firefoxHint(isNew, url) {
  if (isNew) {
    return [
      `Firefox: open ${url} and accept the certificate: that is HTTP/2. Over HTTP/3 it takes certificates of a known authority`,
      'only: make one (mkcert, for example), have Firefox trust its authority, and give its files by --cert and --key.',
    ];
  }
  return [
    `Firefox: open ${url} twice: the second time it is HTTP/3. If the authority is your own, set in about:config`,
    '  network.http.http3.disable_when_third_party_roots_found = false',
  ];
}
