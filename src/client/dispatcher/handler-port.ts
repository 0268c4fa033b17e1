import type { Duplex } from 'node:stream';
import type { RawFields, RequestController } from './request-controller.js';

/** How an Exchange speaks to a handler, whatever its generation. Every method may throw what the handler throws. */
export interface HandlerPort {
  /** Whether it wants to hear of the request body's chunks. */
  readonly watchesBody: boolean;
  start(controller: RequestController): void;
  bodySent(chunk: Uint8Array): void;
  requestSent(): void;
  responseStarted(): void;
  /** For each interim response and for the final one; the fields are `controller.rawHeaders` too. */
  responseStart(controller: RequestController, status: number, rawHeaders: RawFields, statusText: string): void;
  data(controller: RequestController, chunk: Buffer): void;
  end(controller: RequestController, rawTrailers: RawFields): void;
  error(controller: RequestController, error: Error): void;
  upgrade(controller: RequestController, status: number, rawHeaders: RawFields, socket: Duplex): void;
}
