import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { createSecureServer, type WebTransportRequest } from '../../../src/server/index.js';
import { deferred } from '../../../src/webtransport/deferred.js';
import { WebTransport } from '../../../src/webtransport.js';
import { aioquicEnvironment } from '../../support/aioquic-install.js';
import { expectNoNativeObjects } from '../../support/client.js';
import { PeerProcess } from '../../support/peer-process.js';
import { makeWebTransportIdentity } from '../../support/webtransport-identity.js';
import { WebTransportPeer, webTransportPeerObstacle } from '../../support/webtransport-peers.js';
import { aioquicCommand } from './aioquic-program.js';
import { serveTest } from './serving.js';

const PEER = 'aioquic';
/** Short, so that the loss is soon noticed. */
const IDLE_TIMEOUT_MS = 1500;
const CHUNK = new Uint8Array(65_536);

const obstacle = await webTransportPeerObstacle(PEER);
const identity = await makeWebTransportIdentity();

async function writeForever(writable: WritableStream<Uint8Array>): Promise<never> {
  const writer = writable.getWriter();
  for (;;) {
    await writer.ready;
    await writer.write(CHUNK);
  }
}

/** @param onChunk called whenever something has come */
async function readForever(readable: ReadableStream<unknown>, onChunk = () => {}): Promise<void> {
  const reader = readable.getReader();
  while (!(await reader.read()).done) onChunk();
}

/** What waits in any session. */
function watch(
  session: Pick<WebTransport, 'closed' | 'datagrams' | 'incomingUnidirectionalStreams'>,
): Promise<unknown>[] {
  return [session.closed, readForever(session.datagrams.readable), readForever(session.incomingUnidirectionalStreams)];
}

/** Waits until all have settled, and checks that each has failed with its session. */
async function expectFailures(settling: Promise<readonly PromiseSettledResult<unknown>[]>): Promise<void> {
  for (const result of await settling) {
    expect(result).toMatchObject({ status: 'rejected', reason: { name: 'WebTransportError', source: 'session' } });
  }
}

test.skipIf(obstacle !== undefined)('a server of aioquic is killed in mid-transfer: all that waits fails', async () => {
  const server = await serveTest(WebTransportPeer.start(PEER, identity));
  const connection = { ca: identity.ca, idleTimeout: IDLE_TIMEOUT_MS };
  const session = new WebTransport(`${server.origin}/echo`, { connection });
  await session.ready;
  const { readable, writable } = await session.createBidirectionalStream();
  const unidirectional = await session.createUnidirectionalStream();
  const flows = deferred<void>();
  const settled = Promise.allSettled([
    ...watch(session),
    readForever(session.incomingBidirectionalStreams),
    writeForever(writable),
    writeForever(unidirectional),
    readForever(readable, flows.resolve),
  ]);
  await flows.promise;
  await server.kill();
  await expectFailures(settled);
});

test.skipIf(obstacle !== undefined)('a client of aioquic is killed in mid-transfer: all that waits fails', async () => {
  const { promise: accepted, resolve } = deferred<ReturnType<WebTransportRequest['accept']>>();
  const server = createSecureServer({
    key: identity.certificate.keyPem,
    cert: identity.certificate.certPem,
    webTransport: true,
    idleTimeout: IDLE_TIMEOUT_MS,
  });
  server.on('webtransport', (request) => resolve(request.accept()));
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const url = `https://127.0.0.1:${server.address()?.port}/`;
  const steps = JSON.stringify([{ do: 'bidi', bytes: 64 * 2 ** 20 }]);
  const { file, args, remove } = await aioquicCommand('client.py', url, identity.ca, ['--scenario', steps]);
  const client = new PeerProcess(file, args, { env: aioquicEnvironment });
  onTestFinished(async () => {
    await client.kill();
    await remove();
    const closed = once(server, 'close');
    server.destroy();
    await closed;
    await expectNoNativeObjects();
  });
  const session = await accepted;
  const incoming = session.incomingBidirectionalStreams.getReader();
  const { value: stream } = await incoming.read();
  if (stream === undefined) throw client.failure('should open a stream');
  const flows = deferred<void>();
  const settled = Promise.allSettled([
    ...watch(session),
    incoming.read(),
    writeForever(stream.writable),
    writeForever(await session.createUnidirectionalStream()),
    readForever(stream.readable, flows.resolve),
  ]);
  await flows.promise;
  await client.kill();
  await expectFailures(settled);
});
