import type { EventEmitter } from 'node:events';
import { reportUncaught } from '../errors.js';

/**
 * Emits an event from within an entry point of the driver: what a listener throws is an uncaught exception of its own, as it
 * would be anywhere, and ends nothing else.
 *
 * @returns false if a listener threw
 */
export function emitSafely(emitter: EventEmitter, event: string, ...args: readonly unknown[]): boolean {
  try {
    emitter.emit(event, ...args);
    return true;
  } catch (error) {
    reportUncaught(error);
    return false;
  }
}
