/** Use of `necko-http3/webtransport` by a program for Node, which must compile with the DOM's types and without them. */
export const TYPED_WEBTRANSPORT = `
import { Readable, Writable } from 'node:stream';
import * as web from 'node:stream/web';
import { createSecureServer, type WebTransportServerSession } from 'necko-http3/server';
import { Http3Error, WebTransport, type WebTransportCloseInfo, WebTransportError, type WebTransportReceiveStream,
  type WebTransportSendStream } from 'necko-http3/webtransport';

export async function client(): Promise<WebTransportCloseInfo> {
  const transport = new WebTransport('https://127.0.0.1/', { connection: { ca: 'PEM' }, protocols: ['a'], headers: { b: 'c' } });
  // @ts-expect-error: no such option
  new WebTransport('https://127.0.0.1/', { pooling: true });
  await transport.ready;
  const { readable, writable } = await transport.createBidirectionalStream({ sendOrder: 1, waitUntilAvailable: true });
  const reading: WebTransportReceiveStream = readable;
  const sending: WebTransportSendStream = writable;
  const writer = sending.getWriter();
  await writer.write(new Uint8Array(1));
  await writer.atomicWrite(Buffer.from('x'));
  writer.commit();
  // @ts-expect-error: bytes alone
  await writer.write('text');
  writer.releaseLock();
  Readable.fromWeb(reading).pipe(Writable.fromWeb(sending));
  const node: [web.ReadableStream<Uint8Array>, web.WritableStream<Uint8Array>] = [reading, sending];
  await reading.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream<string>());
  await reading.pipeThrough(new web.TextDecoderStream()).pipeTo(new web.WritableStream<string>());
  const { value, done } = await reading.getReader({ mode: 'byob' }).read(new Uint8Array(10), { min: 10 });
  for await (const stream of transport.incomingUnidirectionalStreams) {
    for await (const chunk of stream) void chunk.byteLength;
  }
  await transport.datagrams.createWritable().getWriter().write(new Uint8Array(1));
  const { smoothedRtt = 0 } = await transport.getStats();
  transport.close({ closeCode: smoothedRtt, reason: String([node, value, done]) });
  return await transport.closed;
}

export function server(error: unknown): number | null {
  const server = createSecureServer({ webTransport: true });
  server.on('webtransport', (request) => {
    const session: WebTransportServerSession = request.accept({ protocol: request.protocols[0] ?? 'a' });
    const same: WebTransport = session;
    void same.closed;
  });
  return error instanceof WebTransportError && error.cause instanceof Http3Error ? error.streamErrorCode : null;
}
`;

/** Where a program is written for browsers as well, the package's classes stand for the DOM's. */
export const DOM_WEBTRANSPORT = `
import * as necko from 'necko-http3/webtransport';

export const Constructor: typeof globalThis.WebTransport = necko.WebTransport;
export const ErrorConstructor: typeof globalThis.WebTransportError = necko.WebTransportError;

export async function use(options: WebTransportOptions, streamOptions: WebTransportSendStreamOptions): Promise<unknown[]> {
  const ours = new necko.WebTransport('https://127.0.0.1/', options);
  const transport: WebTransport = ours;
  const stream: WebTransportBidirectionalStream = await ours.createBidirectionalStream(streamOptions);
  const sending: WritableStream = await ours.createUnidirectionalStream();
  const datagrams: WebTransportDatagramDuplexStream = ours.datagrams;
  const incoming: ReadableStream = ours.incomingBidirectionalStreams;
  const closeInfo: WebTransportCloseInfo = await ours.closed;
  ours.close(closeInfo);
  return [transport, stream, sending, datagrams, incoming];
}
`;
