import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { ServerOptions } from '../../../src/server/index.js';
import type { WebTransport, WebTransportOptions } from '../../../src/webtransport.js';
import { testIdentity } from '../../server/support/served.js';
import { ChildModule } from '../../support/child-module.js';
import type { Impairment } from '../../support/impairment.js';
import { ImpairmentProxy } from '../../support/impairment-proxy.js';
import { openTransport } from '../client/support/opened.js';
import type { PeerFunctions } from './peer-child.js';
import { Side, type SideCalls } from './side.js';

const SEED = 5;
/** Nothing moved for so long: the sender is stopped. */
const STILL_MS = 500;

export interface Sides {
  readonly transport: WebTransport;
  /** The client, in this process. */
  readonly client: SideCalls;
  /** The server, in a child process. */
  readonly server: SideCalls;
  readonly child: ChildModule<PeerFunctions>;
}

export interface SidesOptions {
  readonly server?: ServerOptions;
  readonly transport?: WebTransportOptions;
  /** Of both directions of the path between them. */
  readonly path?: Partial<Impairment>;
}

/** A session between this process and a child process, until the test ends. */
export async function openSides(options: SidesOptions = {}): Promise<Sides> {
  const identity = await testIdentity();
  const { keyPem: key, certPem: cert } = identity.certificate;
  const module = new URL('./peer-child.ts', import.meta.url);
  const child = await ChildModule.start<PeerFunctions>(module, { key, cert, webTransport: true, ...options.server });
  onTestFinished(() => child.stop());
  let port = await child.call('port');
  if (options.path !== undefined) {
    const target = { host: '127.0.0.1', port };
    const proxy = await ImpairmentProxy.start({ target, seed: SEED, up: options.path, down: options.path });
    onTestFinished(() => proxy.close());
    port = proxy.port;
  }
  const transport = openTransport(`https://127.0.0.1:${port}/`, identity.ca, options.transport);
  await transport.ready;
  return { transport, client: new Side(transport), server: remote(child), child };
}

/** Waits until a count does not grow any more. */
export async function standsStill(count: () => Promise<number>): Promise<number> {
  for (let before = -1; ; ) {
    const now = await count();
    if (now === before) return now;
    before = now;
    await sleep(STILL_MS);
  }
}

function remote(child: ChildModule<PeerFunctions>): SideCalls {
  return {
    watchMemory: () => child.call('watchMemory'),
    growth: () => child.call('growth'),
    resident: () => child.call('resident'),
    serveStreams: () => child.call('serveStreams'),
    offer: (kind, length) => child.call('offer', kind, length),
    progress: (index) => child.call('progress', index),
    finished: (index) => child.call('finished', index),
    held: () => child.call('held'),
    readHeld: () => child.call('readHeld'),
    exchange: (count, length, inSequence) => child.call('exchange', count, length, inSequence),
    echoDatagrams: () => child.call('echoDatagrams'),
    pingDatagrams: (count) => child.call('pingDatagrams', count),
    sendDatagrams: (count, length) => child.call('sendDatagrams', count, length),
    readDatagrams: () => child.call('readDatagrams'),
    datagramsRead: () => child.call('datagramsRead'),
    setDatagramLimits: (limits) => child.call('setDatagramLimits', limits),
    datagramStats: () => child.call('datagramStats'),
    race: (entries) => child.call('race', entries),
    changeOrder: (name, sendOrder) => child.call('changeOrder', name, sendOrder),
    arrivals: () => child.call('arrivals'),
  };
}
