/** What the examples of WebTransport may assume and must print, and the server that they talk to. */
import { once } from 'node:events';
import { createSecureServer, type WebTransportServerSession } from '../../src/server/index.js';
import { type IssuedCertificate, makeCert } from '../support/certs.js';
import type { Expectation } from './expectation.js';

const HOST = '127.0.0.1';
const DAY_MS = 24 * 60 * 60 * 1000;

export interface WebTransportSite {
  readonly origin: string;
  /** Short-lived, so that it may be known by its hash. */
  readonly certPem: string;
  close(): Promise<void>;
}

export async function startWebTransportSite(ca: IssuedCertificate): Promise<WebTransportSite> {
  const notAfter = new Date(Date.now() + 10 * DAY_MS);
  const { certPem, keyPem } = await makeCert({ ca, hosts: ['localhost'], ips: [HOST], notAfter });
  const server = createSecureServer({ key: keyPem, cert: certPem, webTransport: true });
  const services: Readonly<Record<string, (session: WebTransportServerSession) => Promise<unknown>>> = {
    '/echo': echo,
    '/push': push,
  };
  server.on('webtransport', (request) => {
    const service = services[request.path];
    if (service === undefined) request.reject(404);
    // Examples end sessions as they like.
    else service(request.accept()).catch(() => undefined);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  return {
    origin: `https://localhost:${server.address()?.port}`,
    certPem,
    close: async () => {
      const closed = once(server, 'close');
      server.destroy();
      await closed;
    },
  };
}

function echo(session: WebTransportServerSession): Promise<unknown> {
  const { datagrams, incomingBidirectionalStreams, incomingUnidirectionalStreams } = session;
  const streams = async () => {
    for await (const { readable, writable } of incomingBidirectionalStreams) {
      readable.pipeTo(writable).catch(() => undefined);
    }
  };
  const drained = async () => {
    for await (const readable of incomingUnidirectionalStreams)
      readable.pipeTo(new WritableStream()).catch(() => undefined);
  };
  return Promise.all([streams(), drained(), datagrams.readable.pipeTo(datagrams.createWritable())]);
}

/** Two streams, one after the other, and the end. */
async function push(session: WebTransportServerSession): Promise<void> {
  for (const text of ['first', 'second']) {
    const writer = (await session.createUnidirectionalStream()).getWriter();
    await Promise.all([writer.write(Buffer.from(text)), writer.close()]);
  }
  session.close();
}

const opened = (path: string) => `import { text } from 'node:stream/consumers';
import { WebTransport } from 'necko-http3/webtransport';
const transport = new WebTransport('https://example.org${path}');
await transport.ready;
`;
const CLOSE = 'transport.close();';

export const webTransportExamples: Readonly<Record<string, Expectation>> = {
  'webtransport-quick-start': { prints: /^Hello\n$/ },
  'webtransport-client': { prints: /^Hello\n\{ closeCode: 7, reason: 'done' \}\n$/ },
  'webtransport-datagrams': { before: opened('/echo'), after: CLOSE, prints: /^ping true\n$/ },
  'webtransport-incoming': { before: opened('/push'), prints: /^first\nsecond\n$/ },
  'webtransport-priorities': { before: opened('/echo'), after: CLOSE, prints: /^2000\n$/ },
  'webtransport-connection': { prints: /^supports-unreliable\n$/ },
  'webtransport-hash': { prints: /^supports-unreliable\n$/ },
  'webtransport-upload': {
    before: `${opened('/echo')}const file = process.env.CA_FILE;\n`,
    after: CLOSE,
    prints: /^[1-9]\d+ bytes came back\n$/,
  },
  'webtransport-errors': {
    before: "import { WebTransport } from 'necko-http3/webtransport';\n",
    prints: /^WebTransportError session ERR_WEBTRANSPORT_REJECTED\n$/,
  },
  'webtransport-worker': { prints: /^supports-unreliable\n$/ },
};
