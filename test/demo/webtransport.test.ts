import { once } from 'node:events';
import { createServer, get as getPlain } from 'node:http';
import { get as getOverTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { Chromium, type ChromiumPage } from '../support/chromium.js';
import { runModule } from '../support/run-child.js';
import { DEMO } from './serve-process.js';
import {
  eventually,
  startChatClient,
  startDemo,
  startWebTransportDemo,
  type WebTransportDemo,
} from './webtransport-process.js';

const chromium = await Chromium.start();
afterAll(() => chromium.stop());

/** A tab that has joined the chat. */
async function openTab({ page }: WebTransportDemo, name: string): Promise<ChromiumPage> {
  const tab = await chromium.newPage();
  await tab.goto(`${page}?name=${encodeURIComponent(name)}`);
  await eventually(`${name} in the chat`, async () => (await shown(tab)).includes(`${name} is here`));
  return tab;
}

/** The chat's lines. */
function shown(tab: ChromiumPage): Promise<string[]> {
  return tab.evaluate(`[...document.querySelectorAll('#messages li')].map((item) => item.textContent)`);
}

function status(tab: ChromiumPage): Promise<string> {
  return tab.evaluate(`document.getElementById('status').textContent`);
}

async function say(tab: ChromiumPage, line: string): Promise<void> {
  await tab.evaluate(`document.getElementById('text').value = ${JSON.stringify(line)}`);
  await tab.evaluate(`document.querySelector('button').click()`);
}

async function untilShown(tab: ChromiumPage, line: string): Promise<void> {
  await eventually(`'${line}'`, async () => (await shown(tab)).includes(line));
}

async function answerTo(url: string, headers: Record<string, string> = {}) {
  const get = url.startsWith('https:') ? getOverTls : getPlain;
  const [response] = await once(get(url, { headers, agent: false, rejectUnauthorized: false }), 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

describe('npm run demo -- webtransport', () => {
  it('shows streams, datagrams, a chat and a refused certificate from Node, and ends with --once', async () => {
    // No program but Node: nothing has to be installed for it.
    const args = ['webtransport', '--port', '0', '--once'];
    const { exitCode, stdout, stderr } = await runModule(DEMO, { args, env: { PATH: '' } });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/ready +after [\d.]+ ms; supports-unreliable\n/);
    expect(stdout).toMatch(/a stream +33\.6 MB there and back, byte-exact: \d+ MB\/s each way\n/);
    expect(stdout).toMatch(/round trip +[\d.]+ ms on a stream.*\n +[\d.]+ ms as a datagram/);
    expect(stdout).toContain("with code 7, 'Goodbye'\n");
    expect(stdout).toContain("Ann hears 'Hello Ann'\n");
    expect(stdout).toMatch(/refused +ERR_WEBTRANSPORT_CERTIFICATE_HASH\n/);
    expect(stdout).toMatch(/All of it is right\.\n$/);
  });

  it('tells members of its end, and ends when it is interrupted', async () => {
    const demo = await startWebTransportDemo();
    const member = await startChatClient(demo, 'Node');
    demo.child.kill('SIGINT');
    expect(await demo.closed).toEqual([130, null]);
    expect(demo.output()).toMatch(/Closing …\n$/);
    expect(await member.closed).toEqual([0, null]);
    expect(member.output()).toMatch(/closed: 0 The server ends\n$/);
  });

  it.each(['Starting', 'ready', 'The chat', 'joined'])('ends when it is interrupted after "%s"', async (line) => {
    const demo = startDemo();
    await demo.printed(line);
    demo.child.kill('SIGINT');
    expect(await demo.closed).toEqual([130, null]);
  });

  it('serves its page to this machine only under its own name, and nothing else', async () => {
    const { page } = await startWebTransportDemo();
    const { headers } = await answerTo(page);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self' 'sha256-[^ ]+' /);
    expect(await answerTo(`${page}package.json`)).toMatchObject({ status: 404, body: '' });
    expect(await answerTo(`${page}?a=b`, { host: 'localhost' })).toMatchObject({
      status: 307,
      headers: { location: `${page}?a=b` },
    });
  });

  it('serves its page over TLS where it is not for this machine alone', async () => {
    // An address of this machine that the demo takes for another one's.
    const demo = await startWebTransportDemo(['--host', '127.0.0.2']);
    expect(demo.page).toMatch(/^https:\/\/127\.0\.0\.2:\d+\/$/);
    const { status, body } = await answerTo(demo.page, { host: new URL(demo.page).host });
    expect({ status, isPage: body.startsWith('<!doctype html>') }).toEqual({ status: 200, isPage: true });
    const [ann, bob] = [await startChatClient(demo, 'Ann'), await startChatClient(demo, 'Bob')];
    ann.child.stdin?.write('Hello Bob\n');
    await bob.printed('Ann: Hello Bob\n');
  });

  it('says so when the port is in use', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    onTestFinished(() => void blocker.close());
    const { port } = blocker.address() as AddressInfo;
    const { exitCode, stderr } = await runModule(DEMO, { args: ['webtransport', '--port', String(port)] });
    expect(stderr).toBe(`\nDemo failed: port ${port} of 127.0.0.1 is in use; choose another with --port\n`);
    expect(exitCode).toBe(1);
  });

  it.each([
    [['--port', 'x'], `--port: must be 0 to 65535, not 'x'`],
    [['--loud'], `Unknown option '--loud'`],
    [['here'], `Unexpected argument 'here'`],
  ])('says what is wrong with %j', async (args, message) => {
    const { exitCode, stdout, stderr } = await runModule(DEMO, { args: ['webtransport', ...args] });
    expect(stderr).toContain(message);
    expect(stderr).toContain('Usage: npm run demo -- webtransport');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  });
});

describe('the chat in Chromium', () => {
  it('has tabs and a program in Node that hear and see one another', async () => {
    const demo = await startWebTransportDemo();
    const node = await startChatClient(demo, 'Node');
    const ann = await openTab(demo, 'Ann');
    const bob = await openTab(demo, 'Bob');
    expect(await shown(bob)).toEqual(['Node is here', 'Ann is here', 'Bob is here']);

    await say(ann, 'Hello Bob');
    await untilShown(bob, 'Ann: Hello Bob');
    node.child.stdin?.write('Hello tabs\n');
    for (const tab of [ann, bob]) await untilShown(tab, 'Node: Hello tabs');
    await node.printed('Ann: Hello Bob\n');

    await eventually('a round trip', async () =>
      /^connected as Ann; [\d.]+ ms there and back$/.test(await status(ann)),
    );
    const point = `document.getElementById('field').dispatchEvent(new PointerEvent('pointermove', { clientX: 300 }))`;
    await eventually('the pointer', async () => {
      await ann.evaluate(point);
      return (await bob.evaluate(`document.getElementById('field').textContent`)) === 'Ann';
    });

    node.child.stdin?.end();
    expect(await node.closed).toEqual([0, null]);
    await untilShown(ann, 'Node has left');
    await bob.follow(`location.href = '/certificate.json'`);
    await untilShown(ann, 'Bob has left');
  });

  it('takes what others write for text', async () => {
    const demo = await startWebTransportDemo();
    const html = '<img src="x" onerror="document.title = 1">';
    const name = '<i>Ann</i>';
    const ann = await openTab(demo, name);
    const bob = await openTab(demo, 'Bob');
    await say(ann, html);
    await untilShown(bob, `${name}: ${html}`);
    expect(await bob.evaluate(`document.title + document.querySelectorAll('img, i').length`)).toBe(
      'WebTransport chat0',
    );
  });

  it('says that the server has ended', async () => {
    const demo = await startWebTransportDemo();
    const ann = await openTab(demo, 'Ann');
    demo.child.kill('SIGINT');
    await eventually('the end', async () => (await status(ann)) === 'closed: 0 The server ends');
  });

  it('is not for pages of others', async () => {
    const demo = await startWebTransportDemo();
    const other = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('Other'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close().closeAllConnections());
    const tab = await chromium.newPage();
    await tab.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    const value = JSON.stringify([...Buffer.from(demo.sha256, 'hex')]);
    const open = `new WebTransport('${demo.url}/chat', {
      serverCertificateHashes: [{ algorithm: 'sha-256', value: new Uint8Array(${value}) }],
    }).ready.then(() => 'open', (error) => error.name)`;
    expect(await tab.evaluate(open)).toBe('WebTransportError');
  });
});
