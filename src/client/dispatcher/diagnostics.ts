import { channel } from 'node:diagnostics_channel';
import type { ResponseConnectionInfo } from './connection-info.js';
import type { DispatchRequest } from './dispatch-request.js';

/**
 * undici's channels of a request, on which tracing libraries wait. HTTP/3 publishes what undici does; undici itself does for
 * what goes over TCP.
 */
export const requestChannels = {
  create: channel('undici:request:create'),
  sendHeaders: channel('undici:client:sendHeaders'),
  bodyChunkSent: channel('undici:request:bodyChunkSent'),
  bodySent: channel('undici:request:bodySent'),
  headers: channel('undici:request:headers'),
  bodyChunkReceived: channel('undici:request:bodyChunkReceived'),
  trailers: channel('undici:request:trailers'),
  error: channel('undici:request:error'),
} as const;

/** Our own: which connection answers a request, whichever protocol it speaks. */
const responseChannel = channel('necko-http3:response');

/** Message of the channel `necko-http3:response`. */
export interface ResponseMessage {
  readonly request: { readonly origin: string; readonly method: string; readonly path: string };
  readonly info: ResponseConnectionInfo;
}

export function responseWatched(): boolean {
  return responseChannel.hasSubscribers;
}

export function publishResponse({ origin, method, path }: DispatchRequest, info: ResponseConnectionInfo): void {
  if (!responseChannel.hasSubscribers) return;
  const message: ResponseMessage = { request: { origin: origin.href, method, path }, info };
  responseChannel.publish(message);
}
