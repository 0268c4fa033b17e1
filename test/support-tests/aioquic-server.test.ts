import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type AioquicResponse, runAioquicClient } from '../support/aioquic-client.js';
import { aioquicEnvironment, aioquicScripts, ensureAioquic } from '../support/aioquic-install.js';
import { AioquicServer, type AioquicServerOptions } from '../support/aioquic-server.js';
import { makeCert } from '../support/certs.js';
import { runProgram } from '../support/run-child.js';
import { PATIENTLY } from './patience.js';

const H3_MESSAGE_ERROR = 0x10e;

let directory: string;
let certificate: { certPem: string; keyPem: string };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'necko-http3-test-'));
  certificate = await makeCert({ hosts: ['localhost'] });
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function start(options: Omit<AioquicServerOptions, 'certificate'> = {}): Promise<AioquicServer> {
  const server = await AioquicServer.start({ certificate, ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function get(server: AioquicServer, ...args: string[]): Promise<readonly AioquicResponse[]> {
  return (await runAioquicClient(server.port, args)).responses;
}

describe('the scripted server behaves', () => {
  test('answers, with bodies, 1xx, trailers and chosen headers', async () => {
    const server = await start();
    const responses = await get(
      server,
      ...[
        '/',
        '/bytes?length=300000',
        '/interim?count=2',
        '/trailers',
        '/response-headers?x-a=1&x-a=2',
        '/status?code=204',
      ],
      ...['/none', '/key-update', '/slow-writer?count=3&length=4&interval=1'],
    );
    expect(responses.map(({ bytes }) => bytes)).toEqual([6, 300_000, 5, 4, 0, 0, 13, 7, 12]);
    const [, , interim, trailers, headers, status, none] = responses;
    expect(interim?.sections.map(([first]) => first)).toEqual([
      [':status', '103'],
      [':status', '103'],
      [':status', '200'],
    ]);
    expect(trailers?.sections[1]).toEqual([
      ['x-first', '1'],
      ['x-second', 'two'],
    ]);
    expect(headers?.sections[0]?.filter(([name]) => name === 'x-a').map(([, value]) => value)).toEqual(['1', '2']);
    expect(status?.sections[0]).toEqual([[':status', '204']]);
    expect(none?.sections[0]?.[0]).toEqual([':status', '404']);
    expect(server.requests.map(({ path }) => path)).toContain('/interim');
  });

  test.each([[], ['--without-length']])('echoes and digests bodies %s', async (...flags) => {
    const server = await start();
    const [echo, digest] = await get(server, '--body-bytes', '2000000', ...flags, '/echo', '/digest');
    expect(echo?.bytes).toBe(2_000_000);
    expect(digest?.sections[0]).toContainEqual(['content-type', 'application/json']);
  });

  test('accepts 0-RTT, and rejects it once it has forgotten its tickets', async () => {
    const server = await start();
    const ticket = ['--ticket', join(directory, 'aioquic.ticket')];
    expect(await runAioquicClient(server.port, [...ticket, '/early'])).toMatchObject({ resumed: false });
    expect(await runAioquicClient(server.port, [...ticket, '/early'])).toMatchObject({
      resumed: true,
      earlyData: true,
    });
    await server.forgetTickets();
    expect(await runAioquicClient(server.port, [...ticket, '/early'])).toMatchObject({
      resumed: false,
      earlyData: false,
    });
    expect(server.requests.map(({ early }) => early)).toEqual([false, true, false]);
  });

  test('validates addresses by Retry', async () => {
    const server = await start({ retry: true });
    expect(await get(server, '/')).toMatchObject([{ bytes: 6 }]);
  });

  test('on IPv6, with limits of choice', async () => {
    const server = await start({
      host: '::1',
      maxStreams: 2,
      maxData: 20_000,
      maxStreamData: 10_000,
      idleTimeoutMs: 5000,
    });
    const { limits, responses } = await runAioquicClient(server.port, ['--host', '::1', '/', '/', '/', '/']);
    expect(limits).toMatchObject({ maxStreamsBidi: 2, maxData: 20_000, maxStreamData: 10_000, idleTimeoutMs: 5000 });
    expect(responses).toHaveLength(4);
  });
});

describe('the scripted server misbehaves', () => {
  test('resets before and after headers, with the chosen code', async () => {
    const server = await start();
    const [early, late] = await get(server, '/reset?code=0x10b', '/reset?code=0x10c&after=10');
    expect(early).toMatchObject({ sections: [], reset: 0x10b });
    expect(late).toMatchObject({ bytes: 10, reset: 0x10c });
  });

  test('closes with the chosen error', async () => {
    const server = await start();
    expect(await get(server, '/close?code=0x102&reason=because&after=5')).toMatchObject([
      { bytes: 5, closed: 0x102, reason: 'because' },
    ]);
    expect(await get(server, '/close?code=0x0a&kind=transport')).toMatchObject([{ closed: 0x0a }]);
    await expect.poll(() => server.events.filter(({ event }) => event === 'terminated').length, PATIENTLY).toBe(2);
  });

  test('stops the request body, and holds back credit until told', async () => {
    const server = await start({ maxStreamData: 20_000 });
    const [stopped] = await get(server, '--body-bytes', '1000000', '/stop-sending?code=0x100');
    expect(stopped).toMatchObject({ bytes: 6 });

    const held = get(server, '--body-bytes', '1000000', '/slow-reader');
    await expect.poll(() => server.requests.some(({ path }) => path === '/slow-reader'), PATIENTLY).toBe(true);
    await server.release();
    expect(await held).toMatchObject([{ sections: [[[':status', '200'], expect.anything(), expect.anything()]] }]);
  });

  test('sends malformed messages', async () => {
    const kinds = [
      ...['upper-case-name', 'value-with-newline', 'connection-header', 'missing-status', 'status-101'],
      ...['content-length-too-long', 'content-length-too-short', 'pseudo-in-trailers'],
    ];
    const server = await start();
    const responses = await get(server, '--separately', ...kinds.map((kind) => `/malformed/${kind}`));
    expect(responses.map(({ closed }) => closed)).toEqual(kinds.map(() => H3_MESSAGE_ERROR));
  });

  test('breaks the rules of frames and of critical streams', async () => {
    const codes: Readonly<Record<string, number>> = {
      '/malformed/data-before-headers': 0x105,
      '/malformed/data-after-trailers': 0x105,
      '/malformed/settings-on-request': 0x105,
      '/malformed/reserved-frame': 0x105,
      '/malformed/qpack-garbage': 0x200,
      '/malformed/truncated-frame': 0x106,
      '/control/second-settings': 0x105,
      '/control/data-on-control': 0x105,
      '/control/close-control': 0x104,
      '/control/reset-control': 0x104,
      '/control/second-control-stream': 0x103,
      '/control/qpack-encoder-garbage': 0x201,
    };
    const server = await start();
    await get(server, '--separately', ...Object.keys(codes));
    const closedWith = () => server.events.flatMap((event) => (event.event === 'terminated' ? [event.code] : []));
    await expect.poll(() => closedWith(), PATIENTLY).toEqual(Object.values(codes));
  });

  test.each(['reserved', 'duplicate', 'missing'] as const)(
    'begins the control stream with settings that are %s',
    async (settings) => {
      const server = await start({ settings });
      // The client finds out during the handshake, so its connect fails, and until the handshake is confirmed it may have to
      // hide the HTTP/3 error behind APPLICATION_ERROR (RFC 9000 10.2.3).
      const h3Error = settings === 'missing' ? 0x10a : 0x109;
      await get(server, '/stall').catch(() => undefined);
      const closedWith = () => server.events.flatMap((event) => (event.event === 'terminated' ? [event.code] : []));
      await expect.poll(closedWith, PATIENTLY).toHaveLength(1);
      expect([h3Error, 0x0c]).toContain(closedWith()[0]);
    },
  );

  test('does what is odd but legal', async () => {
    const server = await start();
    const kinds = ['unknown-frames', 'empty-data-frames', 'byte-sized-data-frames'];
    const responses = await get(server, ...kinds.map((kind) => `/malformed/${kind}`));
    expect(responses.map(({ bytes }) => bytes)).toEqual([4, 4, 4]);
    expect(
      await get(server, '/goaway', '/control/unknown-stream', '/control/goaway-rising', '/request-headers'),
    ).toMatchObject([
      { bytes: 7 },
      { bytes: 10 },
      { bytes: 10 },
      { sections: [[[':status', '200'], expect.anything(), expect.anything()]] },
    ]);
  });
});

test('a server that cannot start says why', async () => {
  const taken = await start();
  await expect(AioquicServer.start({ certificate, port: taken.port })).rejects.toThrow(/address already in use/i);
});

test('commands reach open connections; a stopped server obeys no more', async () => {
  const server = await start();
  const stalled = get(server, '/stall?after=10');
  await expect.poll(() => server.requests.length, PATIENTLY).toBe(1);
  await server.goaway();
  await server.close(0x103, 'bye');
  expect(await stalled).toMatchObject([{ bytes: 10, closed: 0x103, reason: 'bye' }]);
  await server.stop();
  await expect(server.release()).rejects.toThrow(/should obey release, but it ended/);
});

test('echoes WebTransport datagrams and streams', async () => {
  const server = await start();
  const script = join(aioquicScripts, 'webtransport_client.py');
  const { stdout, stderr } = await runProgram(await ensureAioquic(), [script, '--port', String(server.port)], {
    env: aioquicEnvironment,
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    status: '200',
    datagram: 'datagram',
    bidirectional: 'stream',
    unidirectional: 'stream',
  });
});
