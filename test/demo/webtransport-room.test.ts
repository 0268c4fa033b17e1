import { once } from 'node:events';
import { createSecureServer } from 'necko-http3/server';
import { WebTransport, type WebTransportOptions } from 'necko-http3/webtransport';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ChatRoom } from '../../examples/webtransport/chat-room.mjs';
import { Chat } from '../../examples/webtransport/page/chat.js';
import { fromLines, toLine } from '../../examples/webtransport/page/lines.js';
import { makeIdentity } from '../support/client.js';

const identity = await makeIdentity();
let origin: string;

beforeAll(async () => {
  const { keyPem: key, certPem: cert } = identity.certificate;
  const server = createSecureServer({ key, cert, webTransport: { maxSessions: 200 } });
  const room = new ChatRoom();
  server.on('webtransport', (request) => void room.join(request.accept()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `https://127.0.0.1:${server.address()?.port}`;
  return async () => {
    const closed = once(server, 'close');
    server.destroy();
    await closed;
  };
});

function open(options: WebTransportOptions = {}): WebTransport {
  const { ca } = identity;
  const transport = new WebTransport(`${origin}/chat`, { ...options, connection: { ca, ...options.connection } });
  onTestFinished(() => transport.close());
  return transport;
}

/** Sends bytes on the stream of a member. */
async function sendRaw(transport: WebTransport, bytes: Uint8Array): Promise<void> {
  const { writable } = await transport.createBidirectionalStream();
  // The session may end before it has gone.
  await writable
    .getWriter()
    .write(bytes)
    .catch(() => undefined);
}

describe("the chat's room", () => {
  it.each([
    ['what is no JSON', Buffer.from('{\n')],
    ['a first line without a name', toLine({ text: 'Hello' })],
    ['a line that does not end', Buffer.alloc(5000, 'x')],
  ])('closes the session of a member who sends %s', async (_, bytes) => {
    const transport = open();
    await sendRaw(transport, bytes);
    expect(await transport.closed).toMatchObject({ closeCode: 3, reason: expect.stringMatching(/Error/) });
  });

  it('has place for 100, and closes the session of one more', async () => {
    const first = open({ allowPooling: true });
    await first.ready;
    const others = Array.from({ length: 99 }, () => open({ allowPooling: true }));
    for (const transport of [first, ...others]) await Chat.join(transport, 'One');
    const transport = open();
    expect(await transport.closed).toEqual({ closeCode: 1, reason: 'The room is full' });
  });

  it('waits for nobody who does not read', async () => {
    const idle = open();
    await Chat.join(idle, 'Idle');
    const busy = open();
    const chat = await Chat.join(busy, 'Busy');
    const events = chat.events();
    const text = 'x'.repeat(1000);
    let id: number | undefined;
    const left = (async () => {
      for await (const event of events) {
        if (event.kind === 'joined' && event.name === 'Idle') id = event.id;
        if (event.kind === 'left' && event.id === id) return;
      }
      throw new Error('the session has ended');
    })();
    let gone = false;
    const closed = idle.closed.finally(() => {
      gone = true;
    });
    while (!gone) await chat.say(text);
    expect(await closed).toEqual({ closeCode: 2, reason: 'You do not read' });
    await left;
  });

  it('keeps a member whose datagrams are no JSON', async () => {
    const transport = open();
    const chat = await Chat.join(transport, 'Ann');
    const events = chat.events();
    await events.next();
    await transport.datagrams.createWritable().getWriter().write(Buffer.from('{'));
    await chat.say('still here');
    expect((await events.next()).value).toMatchObject({ kind: 'said', text: 'still here' });
  });
});

describe('lines on a stream', () => {
  it('come whole, wherever the stream is cut', async () => {
    const bytes = Buffer.concat([toLine({ text: 'Grüße 👋' }), toLine([1])]);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const readable = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) controller.enqueue(part);
          controller.close();
        },
      });
      const messages: unknown[] = [];
      for await (const message of fromLines(readable)) messages.push(message);
      expect(messages).toEqual([{ text: 'Grüße 👋' }, [1]]);
    }
  });
});
