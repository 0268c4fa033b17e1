import { readSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadAddon, type UdpPoll } from '../../src/native.js';
import { loadServerAddon, type UdpBindOptions } from '../../src/native-server.js';
import { expectNoNewDescriptors, listDescriptors } from '../support/descriptors.js';
import { runScenario } from '../support/scenario.js';
import { bindUdpSocket } from '../support/udp-socket.js';

const READABLE = 1;
const { UdpPoll: Poll } = loadServerAddon();

function bind(
  options: Partial<UdpBindOptions> = {},
  onReady: (events: number, status: number) => void = () => undefined,
): UdpPoll {
  const poll = new Poll(
    { localAddress: '127.0.0.1', localPort: 0, ipv6Only: false, reusePort: false, ...options },
    onReady,
  );
  onTestFinished(() => poll.close());
  return poll;
}

/** Binds and collects the datagrams that arrive, until there are `count`. */
function receive(
  options: Partial<UdpBindOptions>,
  count: number,
): { poll: UdpPoll; texts: Promise<readonly string[]> } {
  let onText: (text: string) => void = () => undefined;
  const poll = bind(options, (events, status) => {
    expect([events, status]).toEqual([READABLE, 0]);
    const buffer = Buffer.alloc(100);
    onText(buffer.toString('latin1', 0, readSync(poll.fd, buffer)));
  });
  poll.poll(READABLE);
  const texts: string[] = [];
  const all = new Promise<readonly string[]>((resolve) => {
    onText = (text) => {
      if (texts.push(text) === count) resolve(texts.sort());
    };
  });
  return { poll, texts: all };
}

async function send(text: string, host: string, port: number, from = host): Promise<void> {
  const socket = await bindUdpSocket(from, 0);
  onTestFinished(() => void socket.close());
  socket.send(text, port, host);
}

describe.each([
  ['127.0.0.1', '127.0.0.1', 'udp'],
  ['0.0.0.0', '127.0.0.1', 'udp'],
  ['::1', '::1', 'udp6'],
  ['::', '::1', 'udp6'],
])('UdpPoll bound to %s', (localAddress, host, kind) => {
  test('has a socket of its own, which it closes', async () => {
    const before = listDescriptors();
    const poll = bind({ localAddress });
    expect(poll.localAddress).toBe(localAddress);
    expect(poll.localPort).toBeGreaterThan(0);
    expect(listDescriptors().find(({ fd }) => fd === poll.fd)?.kind).toBe(kind);
    poll.close();
    poll.close();
    await expectNoNewDescriptors(before);
    await expect.poll(() => loadAddon().counters().polls).toBe(0);
  });

  test('takes datagrams of everybody', async () => {
    const { poll, texts } = receive({ localAddress }, 2);
    await send('one', host, poll.localPort);
    await send('two', host, poll.localPort);
    expect(await texts).toEqual(['one', 'two']);
  });
});

describe('IPv6', () => {
  test('the wildcard is dual stack', async () => {
    const { poll, texts } = receive({ localAddress: '::' }, 2);
    await send('six', '::1', poll.localPort);
    await send('four', '127.0.0.1', poll.localPort);
    expect(await texts).toEqual(['four', 'six']);
    expect(() => bind({ localAddress: '0.0.0.0', localPort: poll.localPort })).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE' }),
    );
  });

  test('ipv6Only leaves the port of IPv4 to others', () => {
    const { localPort } = bind({ localAddress: '::', ipv6Only: true });
    expect(bind({ localAddress: '0.0.0.0', localPort }).localPort).toBe(localPort);
  });
});

describe('a port in use', () => {
  test('is refused', () => {
    const { localPort } = bind();
    expect(() => bind({ localPort })).toThrow(
      expect.objectContaining({
        code: 'EADDRINUSE',
        errno: expect.any(Number),
        syscall: 'bind',
        address: '127.0.0.1',
        port: localPort,
        message: `bind EADDRINUSE 127.0.0.1:${localPort}`,
      }),
    );
  });

  test('is shared if all ask for it', () => {
    const { localPort } = bind({ reusePort: true });
    expect(bind({ localPort, reusePort: true }).localPort).toBe(localPort);
    expect(() => bind({ localPort })).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  });
});

test.each<[string, string, string]>([
  ['an address that is not here', '192.0.2.1', 'EADDRNOTAVAIL'],
  ['a zone that names no interface', 'fe80::1%nowhere', 'EADDRNOTAVAIL'],
])('%s', (_name, localAddress, code) => {
  expect(() => bind({ localAddress })).toThrow(
    expect.objectContaining({ code, syscall: 'bind', address: localAddress }),
  );
});

test('a port that only the system may have', async () => {
  const child = new URL('./privileged-port-child.ts', import.meta.url);
  expect(await runScenario(child, { localPort: 1 })).toMatchObject({ code: 'EACCES', syscall: 'bind', port: 1 });
});

test.each<[string, unknown]>([
  ['no address', { localPort: 0, ipv6Only: false, reusePort: false }],
  ['a name', { localAddress: 'localhost', localPort: 0, ipv6Only: false, reusePort: false }],
  ['a port out of range', { localAddress: '::', localPort: 65_536, ipv6Only: false, reusePort: false }],
  ['no ipv6Only', { localAddress: '::', localPort: 0, reusePort: false }],
  ['reusePort that is no boolean', { localAddress: '::', localPort: 0, ipv6Only: false, reusePort: 1 }],
  [
    'a remote address that is undefined',
    { localAddress: '::', localPort: 0, ipv6Only: false, reusePort: false, remoteAddress: undefined },
  ],
])('throws a TypeError: %s', (_name, options) => {
  expect(() => Reflect.construct(Poll, [options, () => undefined])).toThrow(TypeError);
});
