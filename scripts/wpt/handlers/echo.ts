/** Sends everything back: datagrams, and streams on themselves or on a stream of the server's own. */
import type { WebTransport } from '../../../src/webtransport/index.js';
import { forEachIncoming, type Handler, untilClientEnds } from './handler.js';

export const echo: Handler = ({ request }) => {
  const session = request.accept();
  const { incomingBidirectionalStreams, incomingUnidirectionalStreams, datagrams } = session;
  const echoOnItself = ({ readable, writable }: { readable: ReadableStream; writable: WritableStream }) => {
    void untilClientEnds(readable.pipeTo(writable));
  };
  void untilClientEnds(session.createBidirectionalStream().then(echoOnItself));
  void forEachIncoming(incomingBidirectionalStreams, echoOnItself);
  void forEachIncoming(incomingUnidirectionalStreams, (stream) => void untilClientEnds(echoOnAnother(session, stream)));
  void untilClientEnds(datagrams.readable.pipeTo(datagrams.createWritable()));
};

/** The answer's stream is opened when the first byte or the end has come, as the suite's own server does. */
async function echoOnAnother(session: WebTransport, readable: ReadableStream<Uint8Array>): Promise<void> {
  const reader = readable.getReader();
  const first = await reader.read();
  const writer = (await session.createUnidirectionalStream()).getWriter();
  for (let { done, value } = first; !done; { done, value } = await reader.read()) await writer.write(value);
  await writer.close();
}

/** Answers a datagram with its length, as JSON. */
export const echoDatagramLength: Handler = ({ request }) => {
  const { datagrams } = request.accept();
  const writer = datagrams.createWritable().getWriter();
  const encoder = new TextEncoder();
  void forEachIncoming(datagrams.readable, ({ length }: Uint8Array) => {
    void untilClientEnds(writer.write(encoder.encode(JSON.stringify({ length }))));
  });
};
