import type { Duplex } from 'node:stream';
import { count, MAX_TIME } from '../http/option-checks.js';

/**
 * `setTimeout` of a stream: 'timeout' is emitted after `milliseconds` without activity, which is for the stream to tell (`refresh`).
 *
 * @param timer what the last call returned
 * @param milliseconds 0 for never
 * @param callback listens once to 'timeout', or, with 0, not any more
 * @returns the timer, which does not keep the process alive; undefined if there is none
 * @throws InvalidArgumentError for a time that is none
 */
export function setStreamTimeout(
  stream: Duplex,
  timer: NodeJS.Timeout | undefined,
  milliseconds: number,
  callback: (() => void) | undefined,
): NodeJS.Timeout | undefined {
  count('milliseconds', milliseconds, 0, MAX_TIME);
  if (callback !== undefined) {
    if (milliseconds === 0) stream.removeListener('timeout', callback);
    else stream.once('timeout', callback);
  }
  clearTimeout(timer);
  if (milliseconds === 0 || stream.destroyed) return undefined;
  return setTimeout(() => stream.emit('timeout'), milliseconds).unref();
}
