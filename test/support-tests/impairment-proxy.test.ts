import { afterEach, describe, expect, test } from 'vitest';
import { expectNoNewDescriptors, listDescriptors } from '../support/descriptors.js';
import type { Direction, ProxyOptions } from '../support/impairment.js';
import { ImpairmentProxy } from '../support/impairment-proxy.js';
import { ImpairmentRelay } from '../support/impairment-relay.js';
import { PATIENTLY } from './patience.js';
import { UdpClient, UdpEcho } from './udp-echo.js';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) {
    await close();
  }
});

async function startEcho(host?: string): Promise<UdpEcho> {
  const echo = await UdpEcho.start(host);
  closers.push(() => echo.close());
  return echo;
}

async function connect(host: string, port: number): Promise<UdpClient> {
  const client = await UdpClient.connect(host, port);
  closers.push(() => client.close());
  return client;
}

/** Starts an echo peer, a proxy before it and a client of the proxy. */
async function setUp(
  options: Omit<ProxyOptions, 'target'>,
  host?: string,
  onDatagram?: (direction: Direction, datagram: Uint8Array) => void,
) {
  const echo = await startEcho(host);
  const proxy = await ImpairmentProxy.start({ ...options, target: echo }, onDatagram);
  closers.push(() => proxy.close());
  return { echo, proxy, client: await connect(proxy.address.host, proxy.port) };
}

describe.each(['127.0.0.1', '::1'])('ImpairmentProxy on %s', (host) => {
  test('relays both ways for several clients', async () => {
    const { proxy, client, echo } = await setUp({ seed: 1 }, host);
    const second = await connect(host, proxy.port);
    await client.sendNumbered(100);
    await second.sendNumbered(50);
    await expect.poll(() => [client.received.length, second.received.length], PATIENTLY).toEqual([100, 50]);
    expect(client.numbers()).toEqual(Array.from({ length: 100 }, (_, number) => number));
    expect(echo.sources).toHaveLength(2);
    expect(await proxy.counters()).toMatchObject({
      up: { received: 150, forwarded: 150, forwardedBytes: 15_000 },
      down: { received: 150, forwarded: 150 },
      clients: 2,
    });
  });

  test('a new source port after rebinding; the old one is dead', async () => {
    const { proxy, client, echo } = await setUp({ seed: 1 }, host);
    await client.sendNumbered(1);
    await expect.poll(() => client.received.length, PATIENTLY).toBe(1);
    const ports = await proxy.rebind();
    expect(ports).toHaveLength(1);
    await client.sendNumbered(1);
    await expect.poll(() => client.received.length, PATIENTLY).toBe(2);
    expect(echo.sources).toHaveLength(2);
    expect(echo.sources[1]).toBe(ports[0]);
  });
});

describe('ImpairmentProxy', () => {
  test('one seed replays the same losses', async () => {
    const runs: number[][] = [];
    for (let round = 0; round < 2; round += 1) {
      const { client, proxy } = await setUp({ seed: 7, up: { loss: 0.2 }, down: { loss: 0.2 } });
      await client.sendNumbered(300);
      await expect
        .poll(async () => {
          const { up, down } = await proxy.counters();
          return up.received === 300 && down.received === up.forwarded && client.received.length === down.forwarded;
        }, PATIENTLY)
        .toBe(true);
      runs.push(client.numbers());
    }
    expect(runs[0]?.length).toBeLessThan(300);
    expect(runs[1]).toEqual(runs[0]);
  });

  test('impairments change while it runs, and a blackhole opens and closes', async () => {
    const { client, proxy } = await setUp({ seed: 1 });
    await proxy.set('up', { loss: 1 });
    await client.sendNumbered(5);
    await expect.poll(async () => (await proxy.counters()).up.lost, PATIENTLY).toBe(5);
    await proxy.set('up', { loss: 0 });
    await proxy.blackhole(true);
    await client.sendNumbered(5);
    await expect.poll(async () => (await proxy.counters()).up.blackholed, PATIENTLY).toBe(5);
    await proxy.blackhole(false);
    await client.sendNumbered(5);
    await expect.poll(() => client.received.length, PATIENTLY).toBe(5);
    await proxy.blackholeFor(1);
    await client.sendNumbered(1);
    await expect.poll(() => client.received.length, PATIENTLY).toBe(6);
  });

  test('injected datagrams come from the address that the peer expects', async () => {
    const { client, proxy, echo } = await setUp({ seed: 1 });
    await client.sendNumbered(1);
    await expect.poll(() => client.received.length, PATIENTLY).toBe(1);
    expect(await proxy.injectToClient(Buffer.from('to client'))).toBe(1);
    expect(await proxy.injectToServer(Buffer.from('to server'))).toBe(1);
    // The echo peer answers the injected datagram, too.
    await expect.poll(() => client.received.map(String).slice(1), PATIENTLY).toEqual(['to client', 'to server']);
    expect(echo.received.map(String)).toContain('to server');
    expect(echo.sources).toHaveLength(1);
    expect((await proxy.counters()).down.injected).toBe(1);
  });

  test('the capture hook sees what arrives, even what is lost', async () => {
    const seen: string[] = [];
    const { client } = await setUp({ seed: 1, down: { loss: 1 } }, undefined, (direction, datagram) => {
      seen.push(`${direction} ${Buffer.from(datagram)}`);
    });
    await client.send(Buffer.from('hello'));
    await expect.poll(() => seen, PATIENTLY).toEqual(['up hello', 'down hello']);
    expect(client.received).toEqual([]);
  });

  test('a port that refuses does not end the proxy', async () => {
    const { client, proxy, echo } = await setUp({ seed: 1 });
    echo.close();
    closers.shift();
    await client.sendNumbered(3);
    await expect.poll(async () => (await proxy.counters()).socketErrors, PATIENTLY).toBeGreaterThan(0);
    expect((await proxy.counters()).up.received).toBe(3);
  });

  test('a port in use fails with the code of bind', async () => {
    const echo = await startEcho();
    await expect(ImpairmentProxy.start({ target: echo, listenPort: echo.port, seed: 1 })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  test('without impairment nothing is lost in bursts of 500 full-sized datagrams', async () => {
    const { client, proxy } = await setUp({ seed: 1 });
    for (let burst = 1; burst <= 10; burst += 1) {
      await client.sendNumbered(500, 1252);
      await expect.poll(() => client.received.length, PATIENTLY).toBe(500 * burst);
    }
    expect(await proxy.counters()).toMatchObject({ up: { forwarded: 5000 }, down: { forwarded: 5000 } });
  });

  test('the child process ends with close', async () => {
    const before = listDescriptors();
    const echo = await startEcho();
    const proxy = await ImpairmentProxy.start({ target: echo, seed: 1 });
    const { pid } = proxy;
    await proxy.close();
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
    await expect(proxy.counters()).rejects.toThrow('gone');
    echo.close();
    closers.pop();
    await expectNoNewDescriptors(before);
  });
});

describe('ImpairmentRelay in this process', () => {
  test('a mutate hook rewrites and drops datagrams; idle clients are forgotten', async () => {
    const echo = await startEcho();
    const relay = await ImpairmentRelay.start(
      { target: echo, seed: 1, clientIdleMs: 50 },
      {
        mutate: (direction, datagram, index) => {
          if (direction === 'down') {
            return datagram;
          }
          return index === 1 ? undefined : Buffer.concat([datagram, Buffer.from('!')]);
        },
      },
    );
    closers.push(() => relay.close());
    const client = await connect(relay.address.host, relay.address.port);
    await client.send(Buffer.from('a'));
    await client.send(Buffer.from('b'));
    await client.send(Buffer.from('c'));
    await expect.poll(() => client.received.map(String), PATIENTLY).toEqual(['a!', 'c!']);
    expect(relay.counters()).toMatchObject({ up: { received: 3, forwarded: 2, lost: 1 } });
    await expect.poll(() => relay.counters().clients, PATIENTLY).toBe(0);
  });
});
