import { ReadableStream, WritableStream, WritableStreamDefaultWriter } from 'node:stream/web';
import { describe, expect, it } from 'vitest';
import * as api from '../../../src/webtransport/index.js';
import { adoptSession, WebTransportServerSession } from '../../../src/webtransport/server-session.js';
import { connected, rejection } from './fake-connector.js';
import { FakeSession } from './fake-session.js';

const { WebTransport, WebTransportError } = api;

/** Interface, its parent, and the length of its constructor. */
const INTERFACES: readonly [name: Exclude<keyof typeof api, never>, parent: object, length: number][] = [
  ['WebTransport', Function.prototype, 1],
  ['WebTransportBidirectionalStream', Function.prototype, 0],
  ['WebTransportDatagramDuplexStream', Function.prototype, 0],
  ['WebTransportDatagramsWritable', WritableStream, 0],
  ['WebTransportError', DOMException, 0],
  ['WebTransportReceiveStream', ReadableStream, 0],
  ['WebTransportSendGroup', Function.prototype, 0],
  ['WebTransportSendStream', WritableStream, 0],
  ['WebTransportWriter', WritableStreamDefaultWriter, 0],
];

/** Operations and the number of their required arguments. */
const OPERATIONS: readonly [name: keyof typeof api, operation: string, length: number][] = [
  ['WebTransport', 'close', 0],
  ['WebTransport', 'getStats', 0],
  ['WebTransport', 'createBidirectionalStream', 0],
  ['WebTransport', 'createUnidirectionalStream', 0],
  ['WebTransport', 'createSendGroup', 0],
  ['WebTransport', 'exportKeyingMaterial', 3],
  ['WebTransportDatagramDuplexStream', 'createWritable', 0],
  ['WebTransportSendStream', 'getStats', 0],
  ['WebTransportSendStream', 'getWriter', 0],
  ['WebTransportReceiveStream', 'getStats', 0],
  ['WebTransportSendGroup', 'getStats', 0],
  ['WebTransportWriter', 'atomicWrite', 0],
  ['WebTransportWriter', 'commit', 0],
];

type AnyClass = { new (...parameters: unknown[]): object; readonly length: number; readonly name: string };
const classOf = (name: string): AnyClass => (api as unknown as Record<string, AnyClass>)[name] as AnyClass;

describe.each(INTERFACES)('%s', (name, parent, length) => {
  const definition = classOf(name);

  it('has the shape that Web IDL gives it', () => {
    expect(definition.name).toBe(name);
    expect(definition.length).toBe(length);
    expect(Object.getPrototypeOf(definition)).toBe(parent);
    const tag = Object.getOwnPropertyDescriptor(definition.prototype, Symbol.toStringTag);
    expect(tag).toEqual({ value: name, writable: false, enumerable: false, configurable: true });
    for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(definition.prototype))) {
      if (key !== 'constructor') expect([key, descriptor.enumerable]).toEqual([key, true]);
    }
  });

  it('checks this', async () => {
    for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(definition.prototype))) {
      if (descriptor.get === undefined) continue;
      if (['ready', 'closed', 'draining'].includes(key)) {
        expect(await rejection(descriptor.get.call({}))).toBeInstanceOf(TypeError);
      } else {
        expect(() => descriptor.get?.call({})).toThrow(TypeError);
        expect(() => descriptor.get?.call(definition.prototype)).toThrow(TypeError);
      }
      if (descriptor.set !== undefined) expect(() => descriptor.set?.call({}, 1)).toThrow(TypeError);
    }
  });

  it('cannot be called, and constructed only if it has a constructor', () => {
    expect(() => (definition as unknown as () => void)()).toThrow(TypeError);
    if (name !== 'WebTransportError') expect(() => new definition()).toThrow(TypeError);
  });
});

describe.each(OPERATIONS)('%s.%s', (name, operation, length) => {
  it('has its length, and checks this', async () => {
    const descriptor = Object.getOwnPropertyDescriptor(classOf(name).prototype, operation);
    expect(descriptor).toMatchObject({ writable: true, enumerable: true, configurable: true });
    const run = descriptor?.value as (...parameters: unknown[]) => unknown;
    expect(run.length).toBe(length);
    const synchronous = ['close', 'commit', 'createSendGroup', 'createWritable', 'getWriter'].includes(operation);
    if (synchronous) expect(() => run.call({})).toThrow(TypeError);
    else expect(await rejection(run.call({}) as Promise<unknown>)).toBeInstanceOf(TypeError);
  });
});

describe('attributes', () => {
  it('are the same object each time', async () => {
    const { transport } = await connected();
    for (const name of [
      'ready',
      'closed',
      'draining',
      'datagrams',
      'incomingBidirectionalStreams',
      'incomingUnidirectionalStreams',
    ] as const) {
      expect(transport[name]).toBe(transport[name]);
    }
    expect(transport.datagrams.readable).toBe(transport.datagrams.readable);
    const stream = await transport.createBidirectionalStream();
    expect(stream.readable).toBe(stream.readable);
    expect(stream.writable).toBe(stream.writable);
    expect(Object.prototype.toString.call(stream)).toBe('[object WebTransportBidirectionalStream]');
    expect(stream.writable.getWriter()).toBeInstanceOf(api.WebTransportWriter);
  });

  it('of anticipated streams enforce their range', async () => {
    const { transport } = await connected();
    for (const name of [
      'anticipatedConcurrentIncomingUnidirectionalStreams',
      'anticipatedConcurrentIncomingBidirectionalStreams',
    ] as const) {
      expect(transport[name]).toBeNull();
      transport[name] = 65_535.9;
      expect(transport[name]).toBe(65_535);
      for (const bad of [-1, 65_536, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => {
          transport[name] = bad;
        }).toThrow(TypeError);
      }
      transport[name] = null;
      expect(transport[name]).toBeNull();
    }
  });

  it('supportsReliableOnly is static', () => {
    expect(WebTransport.supportsReliableOnly).toBe(false);
    const descriptor = Object.getOwnPropertyDescriptor(WebTransport, 'supportsReliableOnly');
    expect(descriptor).toMatchObject({ enumerable: true, configurable: true, set: undefined });
  });
});

describe('WebTransportError', () => {
  it('has defaults, and converts', () => {
    const error = new WebTransportError();
    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ message: '', name: 'WebTransportError', code: 0, source: 'stream' });
    expect(error.streamErrorCode).toBeNull();
    for (const [code, converted] of [
      [5, 5],
      [-1, 0],
      [2 ** 33, 0xffff_ffff],
      [Number.NaN, 0],
      [1.5, 2],
      [2.5, 2],
      [null, null],
    ] as const) {
      expect(new WebTransportError('m', { streamErrorCode: code }).streamErrorCode).toBe(converted);
    }
    expect(new WebTransportError('m', { source: 'session' }).source).toBe('session');
    expect(new WebTransportError({ streamErrorCode: 5 })).toMatchObject({ message: '', streamErrorCode: 5 });
    expect(new WebTransportError({ streamErrorCode: 5 } as never, {})).toMatchObject({
      message: '[object Object]',
      streamErrorCode: null,
    });
    expect(() => new WebTransportError('m', { source: 'other' as never })).toThrow(TypeError);
    expect(() => new WebTransportError('m', 5 as never)).toThrow(TypeError);
    expect(() => new WebTransportError(Symbol('m') as never)).toThrow(TypeError);
  });
});

describe('a session of the server', () => {
  it('is a WebTransport that is ready', async () => {
    const session = new FakeSession();
    const request = { path: '/' };
    const transport = adoptSession(session.asReal, { protocol: 'p', request });
    expect(transport).toBeInstanceOf(WebTransport);
    expect(transport).toBeInstanceOf(WebTransportServerSession);
    expect(transport.request).toBe(request);
    expect(transport.protocol).toBe('p');
    expect(transport.reliability).toBe('supports-unreliable');
    await transport.ready;
    transport.drain();
    expect(session.drains).toBe(1);
    await transport.createBidirectionalStream();
    transport.close({ closeCode: 3 });
    expect(session.closes).toEqual([[3, '']]);
    expect(() => new (WebTransportServerSession as unknown as AnyClass)()).toThrow(TypeError);
  });
});
