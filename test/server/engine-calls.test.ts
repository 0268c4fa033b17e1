import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { NeqoReentryError } from '../../src/errors.js';
import { Http3State } from '../../src/native.js';
import { ServerEventKind } from '../../src/native-server.js';
import type { ServerHttp3Stream } from '../../src/server/server-types.js';
import { ADDRESSES, GET, POST, ScriptedServer } from './support/scripted-server.js';

const SETTLE_TURNS = 5;

async function settled(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn += 1) await nextTurn();
}

describe('what a response costs: calls of the engine', () => {
  it.each<[string, (stream: ServerHttp3Stream) => unknown, string[]]>([
    ['head and end', (stream) => stream.respond({}, { endStream: true }), ['respond 0 :status 200| fin']],
    [
      'respond, write and end in one turn',
      (stream) => {
        stream.respond({ 'x-a': 'b' });
        stream.end('body');
      },
      ['respond 0 :status 200 x-a b|body fin'],
    ],
    [
      'the same after promises',
      async (stream) => {
        await Promise.resolve();
        await Promise.resolve();
        stream.end('body');
      },
      ['respond 0 :status 200|body fin'],
    ],
    [
      'several writes',
      (stream) => {
        stream.write('a');
        stream.write('b');
        stream.end('c');
      },
      ['respond 0 :status 200|a', 'send 0 bc fin'],
    ],
    [
      'empty trailers',
      (stream) => {
        stream.respond({}, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({}));
        stream.end('body');
      },
      ['respond 0 :status 200|body fin'],
    ],
    [
      'trailers',
      (stream) => {
        stream.respond({}, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-t': '1' }));
        stream.end('body');
      },
      ['respond 0 :status 200|body', 'trailers 0 x-t 1'],
    ],
    [
      'HEAD and the like',
      (stream) => {
        stream.respond({ ':status': 204 });
        stream.end('dropped');
      },
      ['respond 0 :status 204| fin'],
    ],
  ])('%s', async (_, handler, calls) => {
    const server = new ScriptedServer((stream) => void handler(stream));
    server.request(GET, true);
    await settled();
    expect(server.takeCalls()).toEqual(calls);
  });

  it('many responses of a turn leave in one batch', async () => {
    const server = new ScriptedServer((stream) => void stream.end('x'));
    for (const streamId of [0, 4, 8]) {
      const fields = GET;
      if (streamId === 0) server.engine.script({ kind: ServerEventKind.CONNECTION, handle: 0, text: ADDRESSES });
      server.engine.script({ kind: ServerEventKind.REQUEST, handle: 0, streamId, fields, flags: 2 });
    }
    server.driver.recvData();
    await settled();
    expect(server.engine.calls.map((call) => call.split(' ')[0])).toEqual(['respond', 'respond', 'respond', 'output']);
  });

  it('a blocked body goes on when the engine says so', async () => {
    const server = new ScriptedServer((stream) => void stream.end('blocked'));
    server.engine.window = 3;
    server.request(GET, true);
    await settled();
    expect(server.takeCalls()).toEqual(['respond 0 :status 200|blo']);
    await settled();
    expect(server.takeCalls()).toEqual([]);
    server.engine.window = 100;
    server.engine.script({ kind: ServerEventKind.DATA_WRITABLE, handle: 0, streamId: 0 });
    server.driver.recvData();
    await settled();
    expect(server.takeCalls()).toEqual(['send 0 cked fin']);
  });
});

describe('a request body', () => {
  it('is not read before the handler asks for it', async () => {
    let stream: ServerHttp3Stream | undefined;
    const server = new ScriptedServer((opened) => {
      stream = opened;
    });
    server.engine.body = Buffer.from('body');
    server.engine.fin = true;
    server.request(POST, false);
    server.engine.script({ kind: ServerEventKind.DATA_READABLE, handle: 0, streamId: 0 });
    server.driver.recvData();
    await settled();
    expect(server.takeCalls()).toEqual([]);
    const chunks: Buffer[] = [];
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
    await settled();
    expect(Buffer.concat(chunks).toString()).toBe('body');
    expect(server.takeCalls()).toEqual(['read 0 4']);
    expect(stream?.readableEnded).toBe(true);
  });

  it('that nobody reads is stopped when the response is complete', async () => {
    const server = new ScriptedServer((stream) => void stream.end('x'));
    server.request(POST, false);
    await settled();
    expect(server.takeCalls()).toEqual(['respond 0 :status 200|x fin', 'stop 0 256']);
  });

  it.each([
    ['longer', 'body!'],
    ['shorter', 'bod'],
  ])('%s than its content-length is malformed', async (_, text) => {
    const server = new ScriptedServer((stream) => stream.resume());
    server.engine.body = Buffer.from(text);
    server.engine.fin = true;
    server.request([...POST, 'content-length', '4'], false);
    await settled();
    expect(server.takeCalls().at(-1)).toBe('cancel 0 270');
  });
});

describe('the rest of a request', () => {
  it('trailers come before the end of the body', async () => {
    const log: unknown[] = [];
    const server = new ScriptedServer((stream) => {
      stream.on('data', (chunk: Buffer) => log.push(chunk.toString()));
      stream.on('trailers', (headers: object, _flags: number, raw: string[]) => log.push({ ...headers }, raw));
      stream.on('end', () => log.push('end'));
    });
    server.engine.body = Buffer.from('body');
    server.request(POST, false);
    await settled();
    server.engine.fin = true;
    server.engine.script({ kind: ServerEventKind.TRAILERS, handle: 0, streamId: 0, fields: ['x-sum', '4'] });
    server.driver.recvData();
    await settled();
    expect(log).toEqual(['body', { 'x-sum': '4' }, ['x-sum', '4'], 'end']);
  });

  it.each<[string, string[]]>([
    ['pseudo-headers', [':path', '/']],
    ['too many bytes', ['x', 'y'.repeat(1000)]],
  ])('trailers with %s are malformed', async (_, fields) => {
    const server = new ScriptedServer((stream) => stream.resume());
    server.request(POST, false);
    server.engine.script({ kind: ServerEventKind.TRAILERS, handle: 0, streamId: 0, fields });
    server.driver.recvData();
    await settled();
    expect(server.takeCalls().at(-1)).toBe('cancel 0 270');
  });

  it("a new priority is the stream's", () => {
    let stream: ServerHttp3Stream | undefined;
    const server = new ScriptedServer((opened) => {
      stream = opened;
    });
    server.request([...GET, 'priority', 'u=5'], true);
    expect(stream?.priority).toEqual({ urgency: 5, incremental: false });
    server.engine.script({ kind: ServerEventKind.PRIORITY_UPDATE, handle: 0, streamId: 0, number: 1, flags: 1 });
    server.driver.recvData();
    expect(stream?.priority).toEqual({ urgency: 1, incremental: true });
  });

  it('a reset before its end, or an unwanted response, cancels the stream', async () => {
    for (const kind of [ServerEventKind.RESET, ServerEventKind.STOP_SENDING]) {
      const server = new ScriptedServer((stream) => stream.respond());
      server.request(POST, false);
      await settled();
      server.engine.script({ kind, handle: 0, streamId: 0, number: 0x10c });
      server.driver.recvData();
      await settled();
      expect(server.takeCalls()).toEqual(['respond 0 :status 200|', 'cancel 0 268']);
    }
  });

  it('a reset of a request that nobody saw resets our half: once, and none that was answered', async () => {
    const server = new ScriptedServer((stream) => void stream.end('x'));
    const reset = (streamId: number): string[] => {
      server.engine.script({ kind: ServerEventKind.RESET, handle: 0, streamId, number: 0x10c });
      server.driver.recvData();
      return server.takeCalls();
    };
    server.request(POST, false, 8);
    await settled();
    server.takeCalls();
    expect([reset(0), reset(0), reset(8), reset(4), reset(12)]).toEqual([
      ['reset 0 268'],
      [],
      [],
      ['reset 4 268'],
      ['reset 12 268'],
    ]);
  });

  it('an unwanted response that is complete changes nothing', async () => {
    const server = new ScriptedServer((stream) => void stream.end('x'));
    server.request(GET, true);
    await settled();
    server.engine.script({ kind: ServerEventKind.STOP_SENDING, handle: 0, streamId: 0, number: 0x10c });
    server.driver.recvData();
    await settled();
    expect(server.takeCalls()).toEqual(['respond 0 :status 200|x fin']);
  });
});

describe('a malformed request', () => {
  it.each([
    ['no :path', [':method', 'GET', ':scheme', 'https', ':authority', 'x']],
    ['a connection-specific field', [...GET, 'connection', 'close']],
    ['an upper-case name', [...GET, 'X-Y', 'z']],
  ])('with %s is reset with H3_MESSAGE_ERROR, and nobody sees it', (_, fields) => {
    const server = new ScriptedServer(() => expect.unreachable());
    server.request(fields, true);
    expect(server.takeCalls()).toEqual(['cancel 0 270']);
  });

  it('with a content-length and no body is one', () => {
    const server = new ScriptedServer(() => expect.unreachable());
    server.request([...POST, 'content-length', '4'], true);
    expect(server.takeCalls()).toEqual(['cancel 0 270']);
  });

  it.each([
    ['too long', [...GET, 'x', 'y'.repeat(1000)]],
    ['of too many fields', [...GET, ...Array.from({ length: 7 }, () => ['x', 'y']).flat()]],
  ])('a section that is %s is answered with 431', (_, fields) => {
    const server = new ScriptedServer(() => expect.unreachable());
    server.request(fields, true);
    expect(server.takeCalls()).toEqual(['respond 0 :status 431| fin', 'stop 0 256']);
  });
});

describe('the driver', () => {
  it('lets nobody touch the engine outside of its entry points', () => {
    const server = new ScriptedServer(() => undefined);
    expect(() => server.driver.engine).toThrow(NeqoReentryError);
    expect(() => server.driver.sendData()).not.toThrow();
    expect(() => server.driver.engine).toThrow(NeqoReentryError);
  });

  it('does not nest entry points: what listeners do is done later', async () => {
    const server = new ScriptedServer((stream) => {
      stream.end('x');
      server.driver.sendData();
      expect(server.takeCalls()).toEqual([]);
    });
    server.request(GET, true);
    await settled();
    expect(server.takeCalls()).toEqual(['respond 0 :status 200|x fin']);
  });

  it('refuses connections, and releases handles when they are closed', () => {
    const server = new ScriptedServer(() => undefined);
    server.refusing = true;
    server.engine.script({ kind: ServerEventKind.CONNECTION, handle: 7, text: ADDRESSES });
    server.driver.recvData();
    server.engine.script({ kind: ServerEventKind.STATE_CHANGE, handle: 7, flags: Http3State.CLOSED });
    server.driver.recvData();
    expect(server.takeCalls()).toEqual(['refuse 7', 'release 7']);
  });

  it('ends once, and for good, when the engine panics', () => {
    const server = new ScriptedServer(() => undefined);
    server.engine.panics = true;
    server.driver.recvData();
    server.driver.recvData();
    expect(server.fatal).toEqual([expect.objectContaining({ code: 'ERR_NEQO_INTERNAL' })]);
    expect(server.takeCalls()).toEqual(['destroy']);
    expect(server.driver.destroyed).toBe(true);
  });

  it('can be destroyed from within a step', () => {
    const server = new ScriptedServer(() => server.driver.destroy());
    server.request(GET, true);
    expect(server.takeCalls()).toEqual(['destroy']);
  });
});
