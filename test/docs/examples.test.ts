/**
 * Runs the examples of the documentation as they stand there: those of `connect` against Caddy, those of `fetch` and the dispatchers
 * against a site of ours, those of the server with our client, those of WebTransport against a server of ours. An example is a `js` block behind a line `<!-- example: NAME -->`; the tables below say what it may assume and what it
 * must print. An example that no table knows, or the other way round, fails.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wantsHttp2 } from '../../src/client/dispatcher/agent-options.js';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { type IssuedCertificate, makeCa, makeCert } from '../support/certs.js';
import { findFreePort } from '../support/free-port.js';
import { OriginServer } from '../support/origin-server.js';
import { runProgram } from '../support/run-child.js';
import { agentExamples } from './agent-examples.js';
import { type ExampleSite, startExampleSite } from './example-site.js';
import type { Expectation } from './expectation.js';
import { startWebTransportSite, type WebTransportSite, webTransportExamples } from './webtransport-examples.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLE = /<!-- example: ([\w-]+) -->\n```js\n([\s\S]*?)```/g;
/** The address that the documentation uses. */
const DOCUMENTED_ORIGIN = /https:\/\/(?:example\.org|localhost:4433)/g;
const DOCUMENTED_RESOLVER = 'https://resolver.example/dns-query';
/** The port at which its servers listen. */
const DOCUMENTED_PORT = /\b443\b/g;

const READ = "import { readFileSync } from 'node:fs';\n";
const CA = `${READ}const ca = readFileSync(process.env.CA_FILE);\n`;
const SESSION = "import { connect } from 'necko-http3';\nconst session = connect(process.env.ORIGIN, { ca });\n";

const clientExamples: Readonly<Record<string, Expectation>> = {
  'quick-start': { prints: /^200\nHello/ },
  connect: { before: CA, prints: /^200\nHello/ },
  upload: {
    before: `${CA}${SESSION}const file = process.env.CA_FILE;\n`,
    after: 'await session.close();',
    prints: /BEGIN CERTIFICATE/,
  },
  resumption: { before: `${CA}const origin = process.env.ORIGIN;\n`, prints: /^true accepted\n$/ },
};

const SERVER = `${READ}import { createSecureServer } from 'necko-http3/server';
const server = createSecureServer({ key: readFileSync('key.pem'), cert: readFileSync('cert.pem') });
server.listen(443);
`;
const CLIENT = `const { ask, close } = await import(process.env.ASK_SERVER);
const { readFileSync: readFile } = await import('node:fs');
`;
/** What stands behind an example of the server: these requests, and the end. */
const asked = (...requests: readonly { path: string; method?: string; body?: string }[]) =>
  `${CLIENT}await ask(server, readFile(process.env.CA_FILE), ${JSON.stringify(requests)});\nawait close(server);\n`;

const serverExamples: Readonly<Record<string, Expectation>> = {
  'server-quick-start': { after: asked({ path: '/' }), prints: /^200 text\/plain\nHello over HTTP\/3\.0\n$/ },
  'server-request': {
    after: asked({ path: '/some' }),
    prints: /^listening\n200 text\/plain\nGET \/some over HTTP\/3\.0\n$/,
  },
  'server-connections': {
    before: `${SERVER}server.on('request', (req, res) => res.end());\n`,
    after: asked({ path: '/' }),
    prints: /^(\d+) from \S+ at fd \d+: TLS_\w+, resumed: false\n200 undefined\n\1 ended after 1 requests: code 256\n$/,
  },
  'server-stream': {
    before: SERVER,
    after: asked({ path: '/' }, { path: '/file' }),
    prints:
      /^103 <\/style.css>.*\n200 text\/plain\nYou asked for \/\n.*'x-checked': 'yes'.*\n200 application\/x-pem-file\n-----BEGIN/,
  },
  'server-express': { after: asked({ path: '/' }), prints: /^200 text\/html.*\nExpress over HTTP\/3\.0\n$/ },
  'server-koa': { after: asked({ path: '/' }), prints: /^200 text\/plain.*\nKoa over HTTP\/3\.0\n$/ },
  'server-fastify': { after: asked({ path: '/' }), prints: /^200 text\/plain.*\nFastify over HTTP\/3\.0\n$/ },
  'server-hono': { after: asked({ path: '/' }), prints: /^200 text\/plain.*\nHono over HTTP\/3\.0\n$/i },
  'server-certificates': {
    before: `${SERVER}server.on('request', (req, res) => res.end('fine\\n'));\n`,
    after: asked({ path: '/' }),
    prints: /^200 undefined\nfine\n$/,
  },
  'server-upload': {
    before: SERVER,
    after: `${asked({ path: '/', method: 'POST', body: 'uploaded' })}console.log(String(readFile('upload.bin')));\n`,
    prints: /^200 undefined\nstored\nuploaded\n$/,
  },
  'server-webtransport': {
    before: `${READ}import { createSecureServer } from 'necko-http3/server';\n`,
    after: `${CLIENT}const { once } = await import('node:events');
const { WebTransport } = await import('necko-http3/webtransport');
if (!server.listening) await once(server, 'listening');
const opened = new WebTransport('https://localhost:443/echo');
await opened.ready;
opened.close({ closeCode: 7, reason: 'done' });
await opened.closed;
server.once('webtransport', ({ session }) => session.destroy());
const lost = new WebTransport('https://localhost:443/echo');
await lost.closed.catch(() => {});
await close(server);
`,
    prints: /^closed with 7 done\nlost: .+\n$/,
  },
  'server-webtransport-sessions': {
    before: `${CLIENT}const { createSecureServer } = await import('necko-http3/server');
const { WebTransport } = await import('necko-http3/webtransport');
const certificate = { key: readFile('key.pem'), cert: readFile('cert.pem') };
const server = createSecureServer({ ...certificate, webTransport: true });
server.listen(443, async () => {
  const transport = new WebTransport('https://localhost:443/clock');
  const { value } = await transport.datagrams.readable.getReader().read();
  console.log(String(Buffer.from(value)));
  transport.close();
  await transport.closed;
  await close(server);
  console.log('closed');
});
`,
    prints: /^\d{4}-\d\d-\d\dT[\d:.]+Z\nclosed\n$/,
  },
  'webtransport-server': {
    after: `${CLIENT}const { text } = await import('node:stream/consumers');
const { once } = await import('node:events');
const { WebTransport } = await import('necko-http3/webtransport');
if (!server.listening) await once(server, 'listening');
const refused = new WebTransport('https://localhost:443/other');
await refused.ready.catch(({ cause }) => console.log(cause.code));
const transport = new WebTransport('https://localhost:443/echo');
const stream = await transport.createBidirectionalStream();
const writer = stream.writable.getWriter();
await Promise.all([writer.write(Buffer.from('Hello')), writer.close()]);
console.log(await text(stream.readable));
transport.close({ closeCode: 7, reason: 'done' });
await transport.closed;
await close(server);
`,
    prints: /^ERR_WEBTRANSPORT_REJECTED\nHello\nclosed: 7 done\n$/,
  },
  'server-shutdown': {
    before: `${SERVER}server.on('request', (req, res) => res.end('fine\\n'));\n`,
    after: `${CLIENT}await ask(server, readFile(process.env.CA_FILE), [{ path: '/' }]);\nprocess.kill(process.pid, 'SIGTERM');\n`,
    prints: /^200 undefined\nfine\nclosed\n$/,
  },
};

interface Example {
  readonly page: string;
  readonly name: string;
  readonly code: string;
}

async function readExamples(): Promise<Example[]> {
  const pages = ['README.md', ...(await readdir(join(root, 'docs'))).map((name) => join('docs', name))];
  const found: Example[] = [];
  for (const page of pages.filter((name) => name.endsWith('.md'))) {
    const text = await readFile(join(root, page), 'utf8');
    for (const [, name = '', code = ''] of text.matchAll(EXAMPLE)) found.push({ page, name, code });
  }
  return found;
}

const examples = await readExamples();
// Inside the checkout, so that the package's own name leads to its build.
const directory = join(root, 'build', `docs-examples-${process.pid}`);
let origin: OriginServer;
let caddy: Caddy;
let site: ExampleSite;
let webTransportSite: WebTransportSite;
let ca: IssuedCertificate;
const askServer = new URL('ask-server.mjs', import.meta.url).href;

beforeAll(async () => {
  await mkdir(directory, { recursive: true });
  ca = await makeCa({ commonName: 'Documentation CA' });
  await writeFile(join(directory, 'ca.pem'), ca.certPem);
  const certificate = await makeCert({ ca, hosts: ['localhost'], ips: ['127.0.0.1'] });
  // The files that the examples of servers name.
  for (const prefix of ['', 'shop-']) {
    await writeFile(join(directory, `${prefix}cert.pem`), certificate.chainPem);
    await writeFile(join(directory, `${prefix}key.pem`), certificate.keyPem);
  }
  webTransportSite = await startWebTransportSite(ca);
  await writeFile(join(directory, 'server-cert.pem'), webTransportSite.certPem);
  site = await startExampleSite({ key: certificate.keyPem, cert: certificate.chainPem });
  origin = await OriginServer.start();
  caddy = await startCaddy({
    certificate: { certPem: certificate.chainPem, keyPem: certificate.keyPem },
    routes: [
      { path: '/echo', proxyTo: origin },
      { path: '/*', respond: { status: 200, body: 'Hello' } },
    ],
  });
});

afterAll(async () => {
  await caddy?.stop();
  await origin?.close();
  await site?.close();
  await webTransportSite?.close();
  await rm(directory, { recursive: true, force: true });
});

/** What Node and undici call experimental is so, and no matter of the examples. */
const NO_EXPERIMENTS = '--disable-warning=ExperimentalWarning';

/** Runs a program of these statements. */
async function expectToPrint(name: string, code: string, prints: RegExp): Promise<void> {
  const file = join(directory, `${name}.mjs`);
  await writeFile(file, code);
  const caFile = join(directory, 'ca.pem');
  const env = { CA_FILE: caFile, NODE_EXTRA_CA_CERTS: caFile, ORIGIN: caddy.origin, ASK_SERVER: askServer };
  const { exitCode, stdout, stderr } = await runProgram(process.execPath, [NO_EXPERIMENTS, file], {
    env,
    cwd: directory,
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(prints);
}

describe('examples/fetch-with-store.mjs', () => {
  it('learns from run to run', async () => {
    const program = join(root, 'examples/fetch-with-store.mjs');
    const env = { NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem') };
    const lines: string[] = [];
    for (let run = 1; run <= 3; run += 1) {
      const args = [NO_EXPERIMENTS, program, `${site.origin}/`];
      const { stdout, stderr } = await runProgram(process.execPath, args, { env, cwd: directory });
      expect(stderr).toBe('');
      lines.push(stdout);
    }
    const overTcp = wantsHttp2({}) ? 'h2' : 'http/1.1';
    const ways = [overTcp, 'h3', 'h3 in 0-RTT'];
    expect(lines).toEqual(ways.map((way) => `200 over ${way}: 5 bytes of ${site.origin}/\n`));
  });
});

describe('the documentation', () => {
  it('has each example that is expected, once', () => {
    const expected = [clientExamples, agentExamples, serverExamples, webTransportExamples].flatMap((table) =>
      Object.keys(table),
    );
    expect(examples.map(({ name }) => name).sort()).toEqual(expected.sort());
  });

  it.each(examples.filter(({ name }) => name in clientExamples))('$page, $name, does what it says', async (example) => {
    const { before = '', after = '', prints } = clientExamples[example.name] ?? { prints: /$^/ };
    const code = `${before}${example.code.replaceAll(DOCUMENTED_ORIGIN, caddy.origin)}\n${after}`;
    await expectToPrint(example.name, code, prints);
  });

  it.each(examples.filter(({ name }) => name in agentExamples))('$page, $name, does what it says', async (example) => {
    const { before = '', after = '', prints } = agentExamples[example.name] ?? { prints: /$^/ };
    const code = `${before}${example.code}\n${after}`
      .replaceAll(DOCUMENTED_ORIGIN, site.origin)
      .replaceAll(DOCUMENTED_RESOLVER, site.resolver);
    await expectToPrint(example.name, code, prints);
  });

  it.each(examples.filter(({ name }) => name in webTransportExamples))(
    '$page, $name, does what it says',
    async (example) => {
      const { before = '', after = '', prints } = webTransportExamples[example.name] ?? { prints: /$^/ };
      const code = `${before}${example.code}\n${after}`.replaceAll(DOCUMENTED_ORIGIN, webTransportSite.origin);
      await expectToPrint(example.name, code, prints);
    },
  );

  it.each(examples.filter(({ name }) => name in serverExamples))('$page, $name, does what it says', async (example) => {
    const { before = '', after = '', prints } = serverExamples[example.name] ?? { prints: /$^/ };
    const port = await findFreePort('127.0.0.1');
    const code = `${before}${example.code}\n${after}`.replaceAll(DOCUMENTED_PORT, String(port));
    await expectToPrint(example.name, code, prints);
  });
});
