/** What two clients say of one server's certificate: ours over HTTP/3, and Node's own over TLS on TCP. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { type ConnectOptions, connect, type LookupFunction } from '../../src/index.js';
import { aioquicEnvironment, aioquicScripts, ensureAioquic } from './aioquic-install.js';
import { PeerProcess } from './peer-process.js';

const START_DEADLINE_MS = 30_000;

/** Chain and key in PEM. */
export interface ServerCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** Undefined for a certificate that was accepted. */
export interface Verdict {
  readonly code: string | undefined;
  readonly message: string;
}

export const ACCEPTED: Verdict = { code: undefined, message: '' };

/** Resolves every name to 127.0.0.1. */
export const lookupLoopback: LookupFunction = (_name, _options, callback) => {
  callback(null, [{ address: '127.0.0.1', family: 4 }]);
};

/** Has our client connect to a port of 127.0.0.1 under a host name or IP address. */
export async function http3Verdict(port: number, host: string, options: ConnectOptions = {}): Promise<Verdict> {
  const authority = host.includes(':') ? `[${host}]` : host;
  const session = connect(`https://${authority}:${port}`, { lookup: lookupLoopback, tokenStore: false, ...options });
  try {
    return await new Promise((resolve) => {
      session.once('connect', () => resolve(ACCEPTED));
      session.once('connectionError', ({ code, message }) => resolve({ code, message }));
    });
  } finally {
    session.destroy();
    await session.close();
  }
}

/**
 * HTTP/3 servers, one a certificate, in one process. They complete handshakes and no more; aioquic has no opinion about its
 * own certificate.
 */
export class CertificateServers {
  readonly #ports: readonly number[];
  readonly #peer: PeerProcess;

  private constructor(peer: PeerProcess, ports: readonly number[]) {
    this.#peer = peer;
    this.#ports = ports;
  }

  /** @param host IP literal. @throws Error with the servers' output if they do not come up */
  static async start(certificates: readonly ServerCertificate[], host = '127.0.0.1'): Promise<CertificateServers> {
    const python = await ensureAioquic();
    const directory = await mkdtemp(join(tmpdir(), 'necko-http3-certificates-'));
    try {
      const files = await writePairs(directory, certificates);
      let onListening: (ports: readonly number[]) => void = () => undefined;
      const listening = new Promise<readonly number[]>((resolve) => {
        onListening = resolve;
      });
      const peer = new PeerProcess(python, [join(aioquicScripts, 'certificates.py'), host, ...files], {
        env: aioquicEnvironment,
        onLine: (line) => onListening((JSON.parse(line) as { readonly ports: readonly number[] }).ports),
      });
      try {
        return new CertificateServers(peer, await peer.expect('should listen', listening, START_DEADLINE_MS));
      } catch (error) {
        await peer.stop();
        throw error;
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** Port of the server with the n-th certificate. */
  port(index: number): number {
    const port = this.#ports[index];
    if (port === undefined) throw new RangeError(`there is no server ${index}`);
    return port;
  }

  stop(): Promise<void> {
    return this.#peer.stop();
  }
}

async function writePairs(directory: string, certificates: readonly ServerCertificate[]): Promise<string[]> {
  const files: string[] = [];
  for (const [index, { certPem, keyPem }] of certificates.entries()) {
    const pair = [join(directory, `${index}-chain.pem`), join(directory, `${index}-key.pem`)] as const;
    await writeFile(pair[0], certPem);
    await writeFile(pair[1], keyPem, { mode: 0o600 });
    files.push(...pair);
  }
  return files;
}

/**
 * Has Node's own TLS client connect to a server of Node's with the same certificate.
 * @param host host name or IP address that the certificate should be for
 * @param options of the client; `ciphers` is where OpenSSL takes a security level
 */
export async function nodeVerdict(
  certificate: ServerCertificate,
  host: string,
  options: tls.ConnectionOptions = {},
): Promise<Verdict> {
  // Security level 0 lets the server use what the client ought to refuse.
  const server = tls.createServer({
    cert: certificate.certPem,
    key: certificate.keyPem,
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  // The client's refusal reaches the server as an alert.
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    ...(isIP(host) === 0 ? { servername: host } : {}),
    checkServerIdentity: (_name, peer) => tls.checkServerIdentity(host, peer),
    ...options,
  });
  try {
    return await new Promise((resolve) => {
      socket.on('secureConnect', () => resolve(ACCEPTED));
      socket.on('error', ({ code, message }: NodeJS.ErrnoException) => resolve({ code, message }));
    });
  } finally {
    socket.destroy();
    server.close();
  }
}
