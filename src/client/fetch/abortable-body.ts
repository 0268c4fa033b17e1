import { Readable } from 'node:stream';
import { ReadableStream, TransformStream } from 'node:stream/web';

/**
 * A request body that an abort cancels, as the Fetch standard says (4.6, step "abort", and 5.6). undici's fetch leaves a stream that it
 * reads as it is: what an aborted upload was made of would be read to its end, or waited for.
 *
 * @param body RequestInit's; what is no stream is returned as it is, and so is a stream that fetch will refuse
 * @param signal of the request
 */
export function abortableBody(body: unknown, signal: unknown): unknown {
  if (!(signal instanceof AbortSignal) || signal.aborted) return body;
  if (body instanceof ReadableStream) {
    const isUsed = body.locked || Readable.isDisturbed(body as unknown as Readable);
    return isUsed ? body : body.pipeThrough(new TransformStream(), { signal });
  }
  if (!isAsyncIterable(body)) return body;
  return ReadableStream.from(body).pipeThrough(new TransformStream({ transform: toBytes }), { signal });
}

function isAsyncIterable(body: unknown): body is AsyncIterable<Uint8Array | string> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** Of an iterable, undici takes strings as well; of a stream it does not. */
function toBytes(chunk: Uint8Array | string, controller: { enqueue(chunk: Uint8Array): void }): void {
  controller.enqueue(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
}
