import type { X509Certificate } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import type { ClientHttp3Session } from '../client/client-session.js';
import type { IncomingHeaders } from '../http/incoming-headers.js';
import { cipherName, groupName, signatureSchemeName, tlsVersionName } from '../http/tls-names.js';
import type { NativeTlsInfo } from '../native.js';
import type { ConnectionInfo } from '../session/session-types.js';
import type { Messages } from './messages.js';
import type { RequestUrl } from './url.js';

/** What `-v` shows: `*` for facts, `>` for what is sent, `<` for what is received. */
export class Verbose {
  readonly #messages: Messages;

  constructor(messages: Messages) {
    this.#messages = messages;
  }

  info(text: string): void {
    this.#lines('*', [text]);
  }

  resolved(host: string, port: number, addresses: readonly LookupAddress[]): void {
    this.info(`Host ${host}:${port} was resolved: ${addresses.map(({ address }) => address).join(', ')}`);
  }

  /** Shows what happens to the connections of a session. */
  watch(url: RequestUrl, session: ClientHttp3Session): void {
    session.on('connect', (info) => this.#lines('*', connectionLines(url.host, info)));
    session.on('connectionError', (error) =>
      this.info(`Connection to ${url.host}:${url.port} failed: ${error.message}`),
    );
    session.on('goaway', () => this.info(`${url.host} takes no new requests on this connection (GOAWAY)`));
    session.on('disconnect', (error) => this.info(`Connection to ${url.host} ended: ${error.message}`));
  }

  /** @param fields as they were given to QUIC, with pseudo-headers */
  request(fields: IncomingHeaders, early: boolean): void {
    const { ':method': method, ':path': path, ':authority': authority, ':scheme': _scheme, ...others } = fields;
    if (early) this.info('Sending the request in 0-RTT');
    const lines = [`${String(method)} ${String(path)} HTTP/3`, `host: ${String(authority)}`];
    for (const [name, value] of Object.entries(others)) {
      for (const single of Array.isArray(value) ? value : [value]) lines.push(`${name}: ${String(single)}`);
    }
    this.#lines('>', [...lines, '']);
  }

  /** @param text header section as `-i` shows it, or trailers */
  response(text: string): void {
    this.#lines('<', text.split('\r\n').slice(0, -1));
  }

  #lines(mark: string, lines: readonly string[]): void {
    this.#messages.write(lines.map((line) => `${mark} ${line}\n`).join(''));
  }
}

function connectionLines(host: string, info: ConnectionInfo): string[] {
  const { remoteAddress, remotePort, localAddress, localPort, tls, earlyData, resumed } = info;
  const milliseconds = (info.handshakeEnd - info.handshakeStart).toFixed(1);
  return [
    `Connected to ${host} (${remoteAddress}) port ${remotePort} from ${localAddress} port ${localPort}`,
    // The client offers version 2 only where an option asks for it, and this one has none.
    `QUIC version 1, handshake in ${milliseconds} ms`,
    ...(tls === undefined ? [] : tlsLines(tls)),
    ...certificateLines(info.certificates[0], resumed),
    ` SSL certificate verify ${info.authorized ? 'ok.' : 'result: not verified, continuing anyway.'}`,
    `Session ${resumed ? 'resumed' : 'not resumed'}; 0-RTT ${earlyData === 'none' ? 'not tried' : earlyData}`,
    'using HTTP/3',
  ];
}

function tlsLines({ version, cipher, group, signatureScheme, alpn, echAccepted, resumed }: NativeTlsInfo): string[] {
  const names = [tlsVersionName(version), cipherName(cipher), groupName(group)];
  // A resumed handshake has no signature (RFC 8446 2.2).
  if (!resumed) names.push(signatureSchemeName(signatureScheme));
  return [
    `SSL connection using ${names.join(' / ')}`,
    `ALPN: server accepted ${alpn ?? 'nothing'}`,
    ...(echAccepted ? ['ECH: accepted'] : []),
  ];
}

function certificateLines(certificate: X509Certificate | undefined, resumed: boolean): string[] {
  if (certificate === undefined) return ['Server certificate: none'];
  return [
    resumed ? 'Server certificate (of the resumed session):' : 'Server certificate:',
    ` subject: ${oneLine(certificate.subject)}`,
    ` start date: ${certificate.validFrom}`,
    ` expire date: ${certificate.validTo}`,
    ` subjectAltName: ${certificate.subjectAltName ?? 'none'}`,
    ` issuer: ${oneLine(certificate.issuer)}`,
  ];
}

/** Node gives a distinguished name with a line for each of its parts. */
function oneLine(name: string): string {
  return name.split('\n').join('; ');
}
