/** The server of the load tests, in a process of its own so that its memory can be watched. Drives its latest session as told. */
import { once } from 'node:events';
import { loadAddon, type NativeCounters } from '../../../src/native.js';
import { createSecureServer, type ServerOptions } from '../../../src/server/index.js';
import { serveChildModule } from '../../support/serve-child-module.js';
import { Side, type SideCalls } from './side.js';

export interface PeerFunctions extends SideCalls {
  port(): number;
  nativeCounters(): NativeCounters;
  /** Sessions that are open. */
  sessions(): number;
}

serveChildModule<ServerOptions, PeerFunctions>(async (options) => {
  let side: Side | undefined;
  const server = createSecureServer(options).on('webtransport', (request) => {
    side = new Side(request.accept());
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');

  function latest(): Side {
    if (side === undefined) throw new Error('no session');
    return side;
  }

  return {
    port: () => server.address()?.port ?? 0,
    nativeCounters: () => loadAddon().counters(),
    sessions: () => server.webTransport?.stats().sessions ?? 0,
    watchMemory: () => latest().watchMemory(),
    growth: () => latest().growth(),
    resident: () => latest().resident(),
    serveStreams: () => latest().serveStreams(),
    offer: (kind, length) => latest().offer(kind, length),
    progress: (index) => latest().progress(index),
    finished: (index) => latest().finished(index),
    held: () => latest().held(),
    readHeld: () => latest().readHeld(),
    exchange: (count, length, inSequence) => latest().exchange(count, length, inSequence),
    echoDatagrams: () => latest().echoDatagrams(),
    pingDatagrams: (count) => latest().pingDatagrams(count),
    sendDatagrams: (count, length) => latest().sendDatagrams(count, length),
    readDatagrams: () => latest().readDatagrams(),
    datagramsRead: () => latest().datagramsRead(),
    setDatagramLimits: (limits) => latest().setDatagramLimits(limits),
    datagramStats: () => latest().datagramStats(),
    race: (entries) => latest().race(entries),
    changeOrder: (name, sendOrder) => latest().changeOrder(name, sendOrder),
    arrivals: () => latest().arrivals(),
  };
});
