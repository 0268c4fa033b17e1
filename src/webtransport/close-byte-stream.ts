import type { ReadableByteStreamController } from 'node:stream/web';

/**
 * Closes a byte stream. A read that still waits for bytes ends with none (Streams 3.11.3); a view of larger elements that is
 * filled up to the middle of one cannot, and the stream is errored instead, with the TypeError that `close` throws then.
 */
export function closeByteStream(controller: ReadableByteStreamController): void {
  try {
    controller.close();
  } catch {
    return;
  }
  controller.byobRequest?.respond(0);
}
