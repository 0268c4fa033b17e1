import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadAddon, type UdpPoll, type UdpPollOptions } from '../../src/native.js';
import { expectNoNewDescriptors, listDescriptors } from '../support/descriptors.js';
import { bindUdpSocket } from '../support/udp-socket.js';

const READABLE = 1;
const WRITABLE = 2;
const { UdpPoll: Poll } = loadAddon();

function open(
  options: Partial<UdpPollOptions>,
  onReady: (events: number, status: number) => void = () => undefined,
): UdpPoll {
  const poll = new Poll(
    { localAddress: undefined, localPort: 0, remoteAddress: '127.0.0.1', remotePort: 9, ...options },
    onReady,
  );
  onTestFinished(() => poll.close());
  return poll;
}

describe.each([
  ['127.0.0.1', 'udp'],
  ['::1', 'udp6'],
])('UdpPoll on %s', (host, kind) => {
  test('opens a bound and connected socket of its own and closes it', async () => {
    const before = listDescriptors();
    const poll = open({ remoteAddress: host });
    expect(poll.localAddress).toBe(host);
    expect(poll.localPort).toBeGreaterThan(0);
    expect(listDescriptors().find(({ fd }) => fd === poll.fd)?.kind).toBe(kind);
    poll.close();
    poll.close();
    await expectNoNewDescriptors(before);
  });

  test('tells of datagrams of its peer, and of no others', async () => {
    const peer = await bindUdpSocket(host, 0);
    const stranger = await bindUdpSocket(host, 0);
    onTestFinished(() => void [peer, stranger].map((socket) => socket.close()));
    let onReady: (event: readonly number[]) => void = () => undefined;
    const ready = new Promise<readonly number[]>((resolve) => {
      onReady = resolve;
    });
    let calls = 0;
    const poll = open({ remoteAddress: host, remotePort: peer.address().port }, (events, status) => {
      calls += 1;
      // The datagram stays in the socket, so it would be reported again and again.
      poll.poll(0);
      onReady([events, status]);
    });
    poll.poll(READABLE);
    stranger.send('stranger', poll.localPort, host);
    await sleep(20);
    expect(calls).toBe(0);
    peer.send('hello', poll.localPort, host);
    expect(await ready).toEqual([READABLE, 0]);
    await sleep(20);
    expect(calls).toBe(1);
  });
});

describe('UdpPoll', () => {
  test('tells that the socket can be written, again and again until it is told to stop', async () => {
    let calls = 0;
    await new Promise<void>((resolve) => {
      const poll = open({}, (events) => {
        expect(events).toBe(WRITABLE);
        calls += 1;
        if (calls === 3) {
          poll.poll(0);
          resolve();
        }
      });
      poll.poll(WRITABLE);
    });
    await sleep(20);
    expect(calls).toBe(3);
  });

  test('may be closed in its own callback', async () => {
    await new Promise<void>((resolve) => {
      const poll = open({}, () => {
        poll.close();
        resolve();
      });
      poll.poll(READABLE | WRITABLE);
    });
  });

  test.each<[string, string, Partial<UdpPollOptions>]>([
    ['a local address that is not here', 'EADDRNOTAVAIL', { localAddress: '192.0.2.1' }],
    [
      'a local and a remote address of different families',
      'EINVAL',
      { localAddress: '127.0.0.1', remoteAddress: '::1' },
    ],
  ])('%s', (_name, code, options) => {
    expect(() => open(options)).toThrow(
      expect.objectContaining({ code, errno: expect.any(Number), syscall: expect.any(String) }),
    );
  });

  test('a port in use', async () => {
    const taken = await bindUdpSocket('127.0.0.1', 0);
    onTestFinished(() => void taken.close());
    const localPort = taken.address().port;
    expect(() => open({ localAddress: '127.0.0.1', localPort })).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE', syscall: 'bind' }),
    );
  });

  test.each<[string, unknown[]]>([
    ['no arguments', []],
    ['a name instead of an address', [{ localPort: 0, remoteAddress: 'localhost', remotePort: 1 }, () => undefined]],
    ['a port out of range', [{ localPort: 0, remoteAddress: '127.0.0.1', remotePort: 65_536 }, () => undefined]],
    ['a negative port', [{ localPort: -1, remoteAddress: '127.0.0.1', remotePort: 1 }, () => undefined]],
    ['no callback', [{ localPort: 0, remoteAddress: '127.0.0.1', remotePort: 1 }]],
  ])('throws a TypeError: %s', (_name, args) => {
    expect(() => Reflect.construct(Poll, args)).toThrow(TypeError);
  });

  test('use after close', () => {
    const poll = open({});
    poll.close();
    expect(() => poll.poll(READABLE)).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }));
    poll.poll(0);
    poll.ref();
    poll.unref();
    expect(() => poll.poll(4)).toThrow(TypeError);
  });

  test('10,000 are opened and closed without a descriptor left', async () => {
    const before = listDescriptors();
    for (let count = 0; count < 10_000; count += 1) {
      const poll = new Poll(
        { localAddress: undefined, localPort: 0, remoteAddress: '127.0.0.1', remotePort: 9 },
        () => undefined,
      );
      poll.poll(READABLE);
      poll.close();
    }
    await expectNoNewDescriptors(before);
    await expect.poll(() => loadAddon().counters().polls).toBe(0);
  });
});
