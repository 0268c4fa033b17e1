import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadAddon, NativeResult, type NeqoHttp3Conn, Status, type UdpPoll } from '../../src/native.js';
import { neqoParams } from '../../src/session/neqo-params.js';
import { QUIC_DEFAULTS } from '../../src/session/session-params.js';

const OPTIONS = { localAddress: '127.0.0.1', localPort: 0, remoteAddress: '127.0.0.1', remotePort: 9 };
const PARAMS = {
  serverName: 'localhost',
  trustAnchors: undefined,
  idleTimeout: 1000,
  quic: QUIC_DEFAULTS,
  qlogDir: '',
  resumptionToken: undefined,
  earlyData: false,
  echConfigList: undefined,
};

/** Calls as no TypeScript of ours makes them. */
type Unchecked = { readonly [name in 'rebind' | 'ping']: (...args: readonly unknown[]) => unknown };

describe('a native connection that nobody answers', () => {
  const { NeqoHttp3Conn: Conn, UdpPoll: Poll } = loadAddon();
  let polls: UdpPoll[];
  let conn: NeqoHttp3Conn;

  beforeEach(() => {
    polls = [OPTIONS, OPTIONS].map((options) => new Poll(options, () => undefined));
    const [first] = polls;
    if (first === undefined) throw new Error('there are two');
    const { fd, localAddress, localPort } = first;
    const socket = { fd, localAddress, localPort, remoteAddress: '127.0.0.1', remotePort: 9 };
    conn = new Conn(neqoParams(PARAMS, socket), new Float64Array(Status.LENGTH), Buffer.alloc(65_536));
  });

  afterEach(() => {
    conn.destroy();
    for (const poll of polls) poll.close();
  });

  test('does not move before its handshake is confirmed, and goes on', () => {
    const [, next] = polls;
    expect(conn.rebind(next?.fd ?? -1, '127.0.0.1', next?.localPort ?? 0)).toBe(NativeResult.INVALID_STATE);
    expect(conn.lastError()).toContain('InvalidMigration');
    expect(conn.processOutput(10)).toBe(NativeResult.OK);
    expect(conn.stats().datagramsSent).toBeGreaterThan(0);
  });

  test.each([
    [-1, '127.0.0.1', 1],
    [1_000_000, '127.0.0.1', 1],
    [0, 'localhost', 1],
    [0, '', 1],
    [0, '127.0.0.1\0', 1],
  ])('does not move to socket %s of %j port %s', (fd, address, port) => {
    expect(conn.rebind(fd, address, port)).toBe(NativeResult.INVALID_INPUT);
    expect(conn.processOutput(10)).toBe(NativeResult.OK);
  });

  test.each([[[]], [['3', '127.0.0.1', 1]], [[3.5, '127.0.0.1', 1]], [[3, 4, 1]], [[3, '127.0.0.1', 65_536]]])(
    'throws for rebind(%j)',
    (args) => {
      expect(() => (conn as unknown as Unchecked).rebind(...args)).toThrow(TypeError);
    },
  );

  test('takes pings, as many as are asked for', () => {
    for (let count = 0; count < 1000; count += 1) expect(conn.ping()).toBe(NativeResult.OK);
    expect(conn.processOutput(10)).toBe(NativeResult.OK);
  });

  test('neither moves nor pings when it is destroyed', () => {
    conn.destroy();
    expect(() => conn.rebind(0, '127.0.0.1', 1)).toThrow(expect.objectContaining({ code: 'ERR_NEQO_DESTROYED' }));
    expect(() => conn.ping()).toThrow(expect.objectContaining({ code: 'ERR_NEQO_DESTROYED' }));
  });
});
