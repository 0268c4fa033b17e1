/**
 * Runs the examples of the documentation as they stand there, against Caddy. An example is a `js` block behind a line
 * `<!-- example: NAME -->`; the table below says what it may assume and what it must print. An example that the table does not
 * know, or the other way round, fails.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { type IssuedCertificate, makeCa, makeCert } from '../support/certs.js';
import { OriginServer } from '../support/origin-server.js';
import { runProgram } from '../support/run-child.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLE = /<!-- example: ([\w-]+) -->\n```js\n([\s\S]*?)```/g;
/** The address that the documentation uses. */
const DOCUMENTED_ORIGIN = /https:\/\/(?:example\.org|localhost:4433)/g;

interface Expectation {
  /** Statements that stand before the example: what its surroundings in the text have introduced. */
  readonly before?: string;
  readonly after?: string;
  readonly prints: RegExp;
}

const CA = "import { readFileSync } from 'node:fs';\nconst ca = readFileSync(process.env.CA_FILE);\n";
const SESSION = "import { connect } from 'necko-http3';\nconst session = connect(process.env.ORIGIN, { ca });\n";

const expectations: Readonly<Record<string, Expectation>> = {
  'quick-start': { prints: /^200\nHello/ },
  connect: { before: CA, prints: /^200\nHello/ },
  upload: {
    before: `${CA}${SESSION}const file = process.env.CA_FILE;\n`,
    after: 'await session.close();',
    prints: /BEGIN CERTIFICATE/,
  },
  resumption: { before: `${CA}const origin = process.env.ORIGIN;\n`, prints: /^true accepted\n$/ },
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
let ca: IssuedCertificate;

beforeAll(async () => {
  await mkdir(directory, { recursive: true });
  ca = await makeCa({ commonName: 'Documentation CA' });
  await writeFile(join(directory, 'ca.pem'), ca.certPem);
  const certificate = await makeCert({ ca, hosts: ['localhost'], ips: ['127.0.0.1'] });
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
  await rm(directory, { recursive: true, force: true });
});

describe('the documentation', () => {
  it('has each example that is expected, once', () => {
    expect(examples.map(({ name }) => name).sort()).toEqual(Object.keys(expectations).sort());
  });

  it.each(examples)('$page, $name, does what it says', async ({ name, code }) => {
    const { before = '', after = '', prints } = expectations[name] ?? { prints: /$^/ };
    const file = join(directory, `${name}.mjs`);
    await writeFile(file, `${before}${code.replaceAll(DOCUMENTED_ORIGIN, caddy.origin)}\n${after}`);
    const caFile = join(directory, 'ca.pem');
    const env = { CA_FILE: caFile, NODE_EXTRA_CA_CERTS: caFile, ORIGIN: caddy.origin };
    const { exitCode, stdout, stderr } = await runProgram(process.execPath, [file], { env });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(prints);
  });
});
