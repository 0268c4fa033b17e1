/** Server of the WebTransport soaks, a child module: echoes, answers, opens streams as it is asked to, and counts. */
import { once } from 'node:events';
import { createSecureServer, type WebTransportServerSession } from '../../src/server/index.js';
import { serveChildModule } from '../../test/support/serve-child-module.js';
import { type Memory, ownMemory } from './webtransport-memory.js';
import { ASK_FOR_BIDIRECTIONAL, readMessage, writeMessage } from './webtransport-messages.js';

export interface DatagramCounts {
  /** Handed to the application. */
  readonly received: number;
  /** By getStats(). */
  readonly dropped: number;
  readonly expired: number;
}

export interface WebTransportServerFunctions {
  readonly port: () => number;
  readonly memory: () => Promise<Memory>;
  readonly datagrams: () => Promise<DatagramCounts>;
  /** Streams of its own that the client has answered to the end. */
  readonly answered: () => number;
}

serveChildModule<{ key: string; cert: string }, WebTransportServerFunctions>(async (identity) => {
  let received = 0;
  let answered = 0;
  let session: WebTransportServerSession | undefined;
  const server = createSecureServer({ ...identity, webTransport: true });

  async function echoStreams(transport: WebTransportServerSession): Promise<void> {
    for await (const { readable, writable } of transport.incomingBidirectionalStreams) void readable.pipeTo(writable);
  }

  async function answer(transport: WebTransportServerSession, message: Uint8Array): Promise<void> {
    const isBidirectional = message[0] === ASK_FOR_BIDIRECTIONAL;
    const waiting = { waitUntilAvailable: true };
    const stream = isBidirectional ? await transport.createBidirectionalStream(waiting) : undefined;
    await writeMessage(stream?.writable ?? (await transport.createUnidirectionalStream(waiting)), message);
    if (stream !== undefined) await readMessage(stream.readable);
    answered += 1;
  }

  async function answerStreams(transport: WebTransportServerSession): Promise<void> {
    for await (const readable of transport.incomingUnidirectionalStreams) {
      void readMessage(readable).then((message) => answer(transport, message));
    }
  }

  async function countDatagrams(transport: WebTransportServerSession): Promise<void> {
    const reader = transport.datagrams.readable.getReader();
    while (!(await reader.read()).done) received += 1;
  }

  server.on('webtransport', (request) => {
    const transport = request.accept();
    session = transport;
    for (const serve of [echoStreams, answerStreams, countDatagrams]) void serve(transport);
  });
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  return {
    port: () => server.address()?.port ?? 0,
    memory: ownMemory,
    answered: () => answered,
    datagrams: async () => {
      const { droppedIncoming = 0, expiredIncoming = 0 } = (await session?.getStats())?.datagrams ?? {};
      return { received, dropped: droppedIncoming, expired: expiredIncoming };
    },
  };
});
