import type { Dispatcher } from 'undici';
import type { LegacyDispatchHandler } from '../../../src/client/dispatcher/legacy-handler.js';
import type { ModernDispatchHandler } from '../../../src/client/dispatcher/modern-handler.js';

/** What a handler was called with. */
export interface Recording {
  /** Names of the methods in order; a method called several times running is listed once. */
  readonly calls: string[];
  readonly statuses: number[];
  readonly chunks: Buffer[];
  headers: unknown;
  rawHeaders: unknown;
  trailers: unknown;
  error: Error | undefined;
  controller: Dispatcher.DispatchController | undefined;
  /** Resolves at the end, with or without an error. */
  readonly done: Promise<void>;
}

type Modern = Partial<ModernDispatchHandler>;
type Legacy = Partial<LegacyDispatchHandler>;

function newRecording(): { recording: Recording; note: (call: string) => void; finish: () => void } {
  let finish: () => void = () => undefined;
  const recording: Recording = {
    calls: [],
    statuses: [],
    chunks: [],
    headers: undefined,
    rawHeaders: undefined,
    trailers: undefined,
    error: undefined,
    controller: undefined,
    done: new Promise((resolve) => {
      finish = resolve;
    }),
  };
  const note = (call: string): void => {
    if (recording.calls.at(-1) !== call) recording.calls.push(call);
  };
  return { recording, note, finish };
}

/** A modern handler that writes down what it is called with; `extra` methods are called afterwards. */
export function modernHandler(extra: Modern = {}): { handler: Dispatcher.DispatchHandler; recording: Recording } {
  const { recording, note, finish } = newRecording();
  const handler: ModernDispatchHandler = {
    onRequestStart(controller, context) {
      note('onRequestStart');
      recording.controller = controller;
      extra.onRequestStart?.(controller, context);
    },
    onBodySent(chunk) {
      note('onBodySent');
      extra.onBodySent?.(chunk);
    },
    onRequestSent() {
      note('onRequestSent');
      extra.onRequestSent?.();
    },
    onResponseStarted() {
      note('onResponseStarted');
      extra.onResponseStarted?.();
    },
    onResponseStart(controller, status, headers, statusText) {
      note('onResponseStart');
      recording.statuses.push(status);
      recording.headers = headers;
      recording.rawHeaders = controller.rawHeaders;
      extra.onResponseStart?.(controller, status, headers, statusText);
    },
    onResponseData(controller, chunk) {
      note('onResponseData');
      recording.chunks.push(chunk);
      extra.onResponseData?.(controller, chunk);
    },
    onResponseEnd(controller, trailers) {
      note('onResponseEnd');
      recording.trailers = trailers;
      finish();
      extra.onResponseEnd?.(controller, trailers);
    },
    onResponseError(controller, error) {
      note('onResponseError');
      recording.error = error;
      finish();
      extra.onResponseError?.(controller, error);
    },
  };
  return { handler: handler as unknown as Dispatcher.DispatchHandler, recording };
}

/** The same of the old kind. */
export function legacyHandler(extra: Legacy = {}): { handler: Dispatcher.DispatchHandler; recording: Recording } {
  const { recording, note, finish } = newRecording();
  const handler: LegacyDispatchHandler = {
    onConnect(abort) {
      note('onConnect');
      extra.onConnect?.(abort);
    },
    onBodySent(chunk) {
      note('onBodySent');
      extra.onBodySent?.(chunk);
    },
    onRequestSent() {
      note('onRequestSent');
      extra.onRequestSent?.();
    },
    onResponseStarted() {
      note('onResponseStarted');
      extra.onResponseStarted?.();
    },
    onHeaders(status, raw, resume, statusText) {
      note('onHeaders');
      recording.statuses.push(status);
      recording.rawHeaders = raw;
      return extra.onHeaders?.(status, raw, resume, statusText);
    },
    onData(chunk) {
      note('onData');
      recording.chunks.push(chunk);
      return extra.onData?.(chunk);
    },
    onComplete(trailers) {
      note('onComplete');
      recording.trailers = trailers;
      finish();
      extra.onComplete?.(trailers);
    },
    onError(error) {
      note('onError');
      recording.error = error;
      finish();
      extra.onError?.(error);
    },
  };
  return { handler: handler as unknown as Dispatcher.DispatchHandler, recording };
}
