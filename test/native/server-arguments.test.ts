import { describe, expect, onTestFinished, test } from 'vitest';
import { loadAddon, NativeResult, Status } from '../../src/native.js';
import { loadServerAddon, type NeqoHttp3Server } from '../../src/native-server.js';
import { bindServerSocket, openEngine, serverArrays, serverParams } from './raw-server.js';

const { NeqoHttp3Server: Engine } = loadServerAddon();
const BYTES = new Uint8Array(10);
const HEAD = ':status\x00200\x00';
/** A handle of no connection. */
const NOBODY = 77;

type Method = keyof NeqoHttp3Server;

/** Calls a method as untyped code may. */
function call(engine: NeqoHttp3Server, method: Method, args: readonly unknown[]): unknown {
  return Reflect.apply(engine[method], engine, args);
}

/** Arguments of each method that are in order, for a connection that does not exist. */
const GOOD: Readonly<Record<Exclude<Method, 'destroy'>, readonly unknown[]>> = {
  processInput: [10],
  processOutput: [10],
  processForwarded: [10],
  nextEvents: [],
  eventBuffer: [],
  setCredential: ['example.test', undefined],
  provideCredential: [NOBODY, undefined],
  respond: [NOBODY, 0, HEAD, BYTES, 0, 10, false],
  sendData: [NOBODY, 0, BYTES, 0, 10, false],
  sendTrailers: [NOBODY, 0, 'name\x00value\x00'],
  endStream: [NOBODY, 0],
  readData: [NOBODY, 0, new Uint8Array(10), 0, 10],
  resetStream: [NOBODY, 0, 0x100],
  stopSending: [NOBODY, 0, 0x100],
  cancelStream: [NOBODY, 0, 0x100],
  openStream: [NOBODY, 0, true],
  sendWhole: [NOBODY, 0, BYTES],
  resetStreamKeeping: [NOBODY, 0, 0x100, 10],
  setSendOrder: [NOBODY, 0, 1, -1],
  keepAlive: [NOBODY, 0, true],
  sendDatagram: [NOBODY, 0, BYTES],
  maxDatagramSize: [NOBODY, 0],
  sendStreamStats: [NOBODY, 0],
  recvStreamStats: [NOBODY, 0],
  exportKeyingMaterial: [NOBODY, 'label', BYTES, 32],
  goaway: [NOBODY, true],
  close: [NOBODY, 0x100, 'over'],
  closeWhenSent: [NOBODY, 0x100],
  refuse: [NOBODY],
  release: [NOBODY],
  connectionInfo: [NOBODY],
  connectionStats: [NOBODY],
  setAccepting: [true],
  setRetry: [2, 10, 5],
  setMaxConnections: [10],
  stats: [],
  setForwarding: [0, '/tmp', 1],
  lastError: [],
};

const BAD: readonly [Method, string, readonly unknown[]][] = [
  ['processInput', 'no bound', []],
  ['processOutput', 'a negative bound', [-1]],
  ['processForwarded', 'a bound that is no number', ['1']],
  ['setCredential', 'a host that is no string', [1, undefined]],
  ['setCredential', 'a credential that is none', ['', {}]],
  ['provideCredential', 'no connection', [undefined, undefined]],
  ['respond', 'a connection that is no number', ['0', 0, HEAD, undefined, 0, 0, true]],
  ['respond', 'a negative stream', [0, -1, HEAD, undefined, 0, 0, true]],
  ['respond', 'a head that is no string', [0, 0, [':status', '200'], undefined, 0, 0, true]],
  ['respond', 'a head with a character that is no byte', [0, 0, ':status\x00\u0132\x00', undefined, 0, 0, true]],
  [
    'respond',
    'a head with a character that would be cut to a line feed',
    [0, 0, 'name\x00\u010a\x00', undefined, 0, 0, true],
  ],
  ['respond', 'a body that is no Uint8Array', [0, 0, HEAD, 'body', 0, 4, true]],
  ['respond', 'a range behind the body', [0, 0, HEAD, BYTES, 1, 10, true]],
  ['respond', 'no fin', [0, 0, HEAD, undefined, 0, 0]],
  ['sendData', 'no data', [0, 0, undefined, 0, 0, true]],
  ['sendData', 'a negative offset', [0, 0, BYTES, -1, 1, true]],
  ['sendData', 'no fin', [0, 0, BYTES, 0, 1]],
  ['sendTrailers', 'trailers that are no string', [0, 0, undefined]],
  ['sendTrailers', 'a character that is no byte', [0, 0, 'name\x00\u20ac\x00']],
  ['endStream', 'half a stream', [0, 0.5]],
  ['readData', 'no buffer', [0, 0, undefined, 0, 0]],
  ['readData', 'more than the buffer', [0, 0, BYTES, 0, 11]],
  ['openStream', 'a session that is no number', [0, '0', true]],
  ['openStream', 'no direction', [0, 0]],
  ['sendWhole', 'no data', [0, 0]],
  ['resetStreamKeeping', 'a negative number of bytes', [0, 0, 0, -1]],
  ['setSendOrder', 'a negative group', [0, 0, -1, 0]],
  ['setSendOrder', 'an order that is not safe', [0, 0, 0, 2 ** 53]],
  ['keepAlive', 'a keep that is no boolean', [0, 0, 1]],
  ['sendDatagram', 'no data', [0, 0]],
  ['sendDatagram', 'a session that is no varint', [0, 2 ** 62, BYTES]],
  ['maxDatagramSize', 'no session', [0]],
  ['sendStreamStats', 'no stream', [0]],
  ['recvStreamStats', 'a negative stream', [0, -4]],
  ['exportKeyingMaterial', 'a context that is a string', [0, 'label', '', 32]],
  ['exportKeyingMaterial', 'a negative length', [0, 'label', BYTES, -1]],
  ['resetStream', 'no error', [0, 0]],
  ['stopSending', 'a negative error', [0, 0, -1]],
  ['cancelStream', 'an error that is no varint', [0, 0, 2 ** 62]],
  ['goaway', 'no final', [0]],
  ['close', 'no reason', [0, 0x100]],
  ['refuse', 'a negative connection', [-1]],
  ['release', 'a connection above 32 bits', [2 ** 32]],
  ['connectionInfo', 'no connection', []],
  ['connectionStats', 'a connection that is no number', [null]],
  ['setAccepting', 'no boolean', [1]],
  ['setRetry', 'a policy that is none', [3, 10, 5]],
  ['setMaxConnections', 'no number', [undefined]],
  ['setForwarding', 'no directory', [0]],
  ['setForwarding', 'a directory that is no string', [0, 1, 1]],
  ['setForwarding', 'no length of ids', [0, '/tmp']],
];

test.each(BAD)('%s throws a TypeError: %s', (method, _name, args) => {
  const engine = openEngine();
  expect(() => call(engine, method, args)).toThrow(TypeError);
  // It works on.
  expect(engine.processInput(10)).toBe(NativeResult.OK);
});

describe('a connection that does not exist', () => {
  const calls: Method[] = [
    'provideCredential',
    'respond',
    'sendData',
    'sendTrailers',
    'endStream',
    'readData',
    'resetStream',
    'stopSending',
    'cancelStream',
    'goaway',
    'close',
    'closeWhenSent',
    'refuse',
  ];
  test.each(calls)('%s returns a NativeResult', (method) => {
    const engine = openEngine();
    const args = method in GOOD ? GOOD[method as keyof typeof GOOD] : [];
    expect(call(engine, method, args)).toBe(NativeResult.INVALID_INPUT);
    expect(engine.lastError()).not.toBe('');
  });

  test('has no information, and is released without a word', () => {
    const engine = openEngine();
    expect(engine.connectionInfo(NOBODY)).toBeUndefined();
    expect(engine.connectionStats(NOBODY)).toBeUndefined();
    engine.release(NOBODY);
  });
});

test('an engine to which nothing happened', () => {
  const poll = bindServerSocket();
  onTestFinished(() => poll.close());
  const { status, events } = serverArrays();
  const engine = new Engine(serverParams(poll), status, events);
  expect(loadAddon().counters().servers).toBe(1);
  expect(engine.processInput(10)).toBe(NativeResult.OK);
  expect(engine.processOutput(10)).toBe(NativeResult.OK);
  expect(status[Status.TIMEOUT_MS]).toBe(-1);
  expect(engine.nextEvents()).toBe(0);
  expect(engine.eventBuffer()).toBe(events);
  const { retryActive, ...counts } = engine.stats();
  expect(retryActive).toBe(false);
  expect(counts).toMatchObject({ connections: 0, accepted: 0, refused: 0, datagramsForwarded: 0, bytesSent: 0 });
  expect(new Set(Object.values(counts).map((count) => typeof count))).toEqual(new Set(['number']));
  engine.destroy();
  expect(loadAddon().counters().servers).toBe(0);
});

describe('after destroy', () => {
  test.each(Object.entries(GOOD))('%s throws', (method, args) => {
    const engine = openEngine();
    engine.destroy();
    engine.destroy();
    expect(() => call(engine, method as Method, args)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_NEQO_DESTROYED' }),
    );
  });
});

describe('the constructor', () => {
  function construct(change: Readonly<Record<string, unknown>>): () => unknown {
    const poll = bindServerSocket();
    onTestFinished(() => poll.close());
    const { status, events } = serverArrays();
    return () => Reflect.construct(Engine, [{ ...serverParams(poll), ...change }, status, events]);
  }

  const names = (): string[] => {
    const poll = bindServerSocket();
    const keys = Object.keys(serverParams(poll));
    poll.close();
    return keys;
  };
  test.each(names())('throws a TypeError that names params.%s if it is not there', (name) => {
    expect(construct({ [name]: undefined })).toThrow(new RegExp(`"params.${name}"`));
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['a port out of range', { localPort: 65_536 }],
    ['a Retry policy that is none', { retryPolicy: 3 }],
    ['a congestion control that is none', { congestionControl: 'bbr' }],
    ['negative limits', { maxConnections: -1 }],
    ['a key that is no Uint8Array', { statelessResetKey: 'x'.repeat(32) }],
  ])('throws a TypeError: %s', (_name, change) => {
    expect(construct(change)).toThrow(TypeError);
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['a descriptor that is none', { fd: -1 }],
    ['an address that is none', { localAddress: 'localhost' }],
    ['connection ids that leave no room for a nonce', { connectionIdLength: 4 }],
    ['connection ids longer than QUIC allows', { connectionIdLength: 21 }],
    ['no connection id prefix', { connectionIdPrefix: new Uint8Array(0) }],
    ['a stateless reset key of another length', { statelessResetKey: new Uint8Array(16) }],
  ])('throws what neqo does not take: %s', (_name, change) => {
    expect(construct(change)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^E/) }));
    expect(loadAddon().counters().servers).toBe(0);
  });

  test.each<[string, unknown, unknown]>([
    ['no arrays', undefined, undefined],
    ['a status array that is too short', new Float64Array(Status.LENGTH - 1), new Uint8Array(65_536)],
    ['a status array of another kind', new Float32Array(Status.LENGTH), new Uint8Array(65_536)],
    ['an event buffer that is too small', new Float64Array(Status.LENGTH), new Uint8Array(65_535)],
  ])('throws a TypeError: %s', (_name, status, events) => {
    const poll = bindServerSocket();
    onTestFinished(() => poll.close());
    expect(() => Reflect.construct(Engine, [serverParams(poll), status, events])).toThrow(TypeError);
  });
});

test('a status array that was detached is not written to', () => {
  const poll = bindServerSocket();
  onTestFinished(() => poll.close());
  const { status, events } = serverArrays();
  const engine = new Engine(serverParams(poll), status, events);
  onTestFinished(() => engine.destroy());
  structuredClone(status.buffer, { transfer: [status.buffer as ArrayBuffer] });
  expect(() => engine.processInput(10)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
});
