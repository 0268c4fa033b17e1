/** Worker module whose clean-up never ends. */
import type { ServerHttp3Stream } from '../../../../src/server/server-types.js';

export function stream(stream: ServerHttp3Stream): void {
  stream.respond({}, { endStream: true });
}

export function close(): Promise<void> {
  return new Promise(() => setInterval(() => undefined, 1000));
}
