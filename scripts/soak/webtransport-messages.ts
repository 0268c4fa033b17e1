import type { ReadableStream, WritableStream } from 'node:stream/web';

/** First byte of a message that the server answers on a bidirectional stream of its own; it answers others on a unidirectional one. */
export const ASK_FOR_BIDIRECTIONAL = 2;

/** Everything until the end of a stream. */
export async function readMessage(readable: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readable) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Resolves when the peer has acknowledged it, with the end of the stream. */
export async function writeMessage(writable: WritableStream<Uint8Array>, message: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  void writer.write(message);
  await writer.close();
}
