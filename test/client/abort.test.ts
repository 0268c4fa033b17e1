import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type ClientHttp3Session, type ClientHttp3Stream, Http3Error } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes, settle } from '../support/settlement.js';
import { bindUdpSocket } from '../support/udp-socket.js';
import { waitUntil } from '../support/wait-until.js';

const STREAM_LIMIT = 2;
/** More than the server's window, so that some of it is always still to be sent. */
const LARGE_BODY = Buffer.alloc(8 * 1024 * 1024);

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate, maxStreams: STREAM_LIMIT });
});

afterAll(() => server?.stop());

interface Stage {
  /** The server has the request, and so has to hear of its end. */
  readonly sent: boolean;
  /** The request's body is still being sent. */
  readonly uploading?: boolean;
  /** Where the session cannot reach a server at all. */
  readonly unreachable?: boolean;
  /** Brings a request to the stage. */
  readonly reach: (session: ClientHttp3Session, signal: AbortSignal) => Promise<ClientHttp3Stream>;
}

/** Waits until the server has a request that was made in this turn. */
async function waitReady(stream: ClientHttp3Stream): Promise<ClientHttp3Stream> {
  const earlier = server.requests.length;
  await once(stream, 'ready');
  await waitUntil('the server to get the request', () => server.requests.length > earlier);
  return stream;
}

const STAGES: Readonly<Record<string, Stage>> = {
  'in the turn of the request': {
    sent: false,
    reach: async (session, signal) => session.request({ ':path': '/stall' }, { signal }),
  },
  'while connecting': {
    sent: false,
    unreachable: true,
    reach: async (session, signal) => {
      const stream = session.request({ ':path': '/stall' }, { signal });
      await new Promise((resolve) => setTimeout(resolve, 50));
      return stream;
    },
  },
  'queued behind the stream limit': {
    sent: false,
    reach: async (session, signal) => {
      for (let count = 0; count < STREAM_LIMIT; count += 1) {
        const blocking = session.request({ ':path': '/stall' });
        blocking.on('error', () => undefined);
        await once(blocking, 'ready');
      }
      const stream = session.request({ ':path': '/stall' }, { signal });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(stream.pending).toBe(true);
      return stream;
    },
  },
  'before the headers': {
    sent: true,
    reach: (session, signal) => waitReady(session.request({ ':path': '/stall' }, { signal })),
  },
  'after the headers': {
    sent: true,
    reach: async (session, signal) => {
      const stream = session.request({ ':path': '/stall?after=0' }, { signal });
      await once(stream, 'response');
      return stream;
    },
  },
  'in the middle of the body': {
    sent: true,
    reach: async (session, signal) => {
      const stream = session.request({ ':path': '/stall?after=100000' }, { signal });
      stream.resume();
      await once(stream, 'data');
      return stream;
    },
  },
  'paused in the middle of the body': {
    sent: true,
    reach: async (session, signal) => {
      const stream = session.request({ ':path': '/bytes?length=4000000' }, { signal });
      stream.once('data', () => stream.pause());
      await once(stream, 'data');
      await new Promise((resolve) => setTimeout(resolve, 20));
      return stream;
    },
  },
  'in the middle of a given body': {
    sent: true,
    uploading: true,
    reach: (session, signal) =>
      waitReady(session.request({ ':method': 'POST', ':path': '/slow-reader' }, { body: LARGE_BODY, signal })),
  },
  'in the middle of writing the body': {
    sent: true,
    uploading: true,
    reach: (session, signal) => {
      const stream = session.request({ ':method': 'POST', ':path': '/slow-reader' }, { signal });
      stream.write(LARGE_BODY);
      stream.write('one more, which waits for the first');
      return waitReady(stream);
    },
  },
};

interface Manner {
  readonly abort: (stream: ClientHttp3Stream, controller: AbortController) => void;
  /** Of the 'error' event; undefined if there is to be none. */
  readonly error: Readonly<Record<string, unknown>> | undefined;
  /** What the server hears. */
  readonly code: number;
}

const MANNERS: Readonly<Record<string, Manner>> = {
  'destroy()': { abort: (stream) => stream.destroy(), error: undefined, code: 0x10c },
  'destroy(error)': {
    abort: (stream) => stream.destroy(new Http3Error('ERR_TEST', 'enough')),
    error: { code: 'ERR_TEST' },
    code: 0x10c,
  },
  'close(code)': { abort: (stream) => stream.close(0x110), error: undefined, code: 0x110 },
  AbortSignal: {
    abort: (_stream, controller) => controller.abort('the reason'),
    error: { code: 'UND_ERR_ABORTED', name: 'AbortError', cause: 'the reason' },
    code: 0x10c,
  },
};

async function openFor({ unreachable = false }: Stage): Promise<ClientHttp3Session> {
  if (!unreachable) return openSession(server.origin, identity);
  const silent = await bindUdpSocket('127.0.0.1', 0);
  onTestFinished(() => {
    silent.close();
  });
  return openSession(`https://127.0.0.1:${silent.address().port}`, identity);
}

function heard(event: 'reset' | 'stop-sending', id: number | undefined, since: number): number | undefined {
  const found = server.events.slice(since).find((report) => report.event === event && report.stream === id);
  return found !== undefined && 'code' in found ? found.code : undefined;
}

describe.each(Object.entries(STAGES))('a request aborted %s', (_stage, stage) => {
  it.each(Object.entries(MANNERS))('by %s settles once, and the server hears of it', async (_manner, manner) => {
    const session = await openFor(stage);
    const since = server.events.length;
    const controller = new AbortController();
    const stream = await stage.reach(session, controller.signal);
    const settled = settle(stream, false);
    manner.abort(stream, controller);
    const { error, events } = await settled;

    if (manner.error === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject(manner.error);
    expect(events.filter((event) => event !== 'close')).toEqual(manner.error === undefined ? [] : ['error']);
    expect(stream).toMatchObject({ destroyed: true, rstCode: manner.code });
    if (stage.sent) {
      const { id } = stream;
      await waitUntil('STOP_SENDING', () => heard('stop-sending', id, since) === manner.code);
      if (stage.uploading === true) await waitUntil('RESET_STREAM', () => heard('reset', id, since) === manner.code);
      // The connection and its other streams run on.
      expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
    } else {
      expect(stream.id).toBeUndefined();
    }
  });

  it('by session.destroy() fails once with its error', async () => {
    const session = await openFor(stage);
    const stream = await stage.reach(session, new AbortController().signal);
    const settled = settle(stream, false);
    const closed = once(session, 'close');
    session.destroy();
    const { error, events } = await settled;
    expect(error).toMatchObject({ code: 'UND_ERR_DESTROYED', safeToRetry: false });
    expect(events).toEqual(['error', 'close']);
    await closed;
    expect(session).toMatchObject({ destroyed: true, closed: true, runningRequests: 0, pendingRequests: 0 });
  });
});

it.each(Object.entries(MANNERS))('a request that has ended does not notice %s', async (_manner, manner) => {
  const session = openSession(server.origin, identity);
  const since = server.events.length;
  const controller = new AbortController();
  const stream = session.request({}, { signal: controller.signal });
  const { events } = await settle(stream);
  let later = 0;
  for (const name of ['error', 'close']) {
    stream.on(name, () => {
      later += 1;
    });
  }
  manner.abort(stream, controller);
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  expect(events.slice(-2)).toEqual(['end', 'close']);
  expect(later).toBe(0);
  expect(stream.rstCode).toBe(0x100);
  expect(server.events.slice(since).filter(({ event }) => event === 'reset' || event === 'stop-sending')).toEqual([]);
  await session.close();
});

it('a request with a signal that is aborted already is never sent', async () => {
  const session = openSession(server.origin, identity);
  const settled = settle(session.request({ ':path': '/never' }, { signal: AbortSignal.abort('early') }));
  expect(await settled).toMatchObject({
    error: { code: 'UND_ERR_ABORTED', cause: 'early' },
    events: ['error', 'close'],
  });
  expect((await fetchBytes(session)).error).toBeUndefined();
  expect(server.requests.some(({ path }) => path === '/never')).toBe(false);
  await session.close();
});

it('a session whose signal is aborted fails its requests and closes', async () => {
  const controller = new AbortController();
  const session = openSession(server.origin, identity, { signal: controller.signal });
  const settled = settle(session.request({ ':path': '/stall' }));
  const closed = once(session, 'close');
  controller.abort('the reason');
  expect((await settled).error).toMatchObject({ code: 'UND_ERR_DESTROYED', cause: 'the reason' });
  await closed;
});
