import { describe, expect, it, vi } from 'vitest';
import { H3_ERROR } from '../../../src/errors.js';
import { ServerEventKind } from '../../../src/native-server.js';
import type {
  WebTransportAcceptOptions,
  WebTransportRequest,
} from '../../../src/server/webtransport/webtransport-request.js';
import { GET } from '../support/scripted-server.js';
import { ScriptedClient } from './support/scripted-client.js';

const { H3_MESSAGE_ERROR, H3_REQUEST_REJECTED, H3_REQUEST_CANCELLED, H3_NO_ERROR } = H3_ERROR;
const REJECTED = [`reset 0 ${H3_REQUEST_REJECTED}`, `stop 0 ${H3_REQUEST_REJECTED}`];
/** The answer is complete, and no more of the request is wanted. */
const answered = (status: number, id = 0) => [`respond ${id} :status ${status}| fin`, `stop ${id} ${H3_NO_ERROR}`];

describe('a request for a session', () => {
  it('reaches the listener with what the client said, and no request listener', () => {
    const client = new ScriptedClient().listen().settings();
    client.connect(0, { origin: 'https://example.org', 'wt-available-protocols': '"a", "b"' });
    const [request] = client.requests;
    expect(request).toMatchObject({
      path: '/chat?room=1',
      authority: 'test',
      origin: 'https://example.org',
      protocols: ['a', 'b'],
      aborted: false,
      session: client.server.sessions[0],
    });
    expect(request?.headers[':protocol']).toBe('webtransport');
    expect(request?.rawHeaders.slice(0, 2)).toEqual([':method', 'CONNECT']);
    expect(client.calls()).toEqual([]);
  });

  it('waits for the SETTINGS of the client, which may come later', () => {
    const client = new ScriptedClient().listen();
    client.connect(0);
    expect(client.requests).toEqual([]);
    client.settings();
    expect(client.requests).toHaveLength(1);
  });

  it('is accepted with status, fields and protocol; the connection is kept alive', () => {
    const client = new ScriptedClient().listen().settings();
    client.connect(0, { 'wt-available-protocols': '"a", "b"', 'sec-webtransport-http3-draft02': '1' });
    const session = client.requests[0]?.accept({ protocol: 'b', status: 204, headers: { 'x-some': 'y' } });
    expect(session?.protocol).toBe('b');
    expect(session?.request).toBe(client.requests[0]);
    expect(client.calls()).toEqual([
      'respond 0 :status 204 x-some y wt-protocol "b" sec-webtransport-http3-draft draft02|',
      'keep alive 0 true',
    ]);
    expect(client.server.webTransport?.stats()).toEqual({ sessions: 1, pending: 0, accepted: 1, rejected: 0 });
  });

  it('is rejected with status and fields', () => {
    const client = new ScriptedClient().listen().settings();
    client.connect(0);
    client.requests[0]?.reject(401, { 'www-authenticate': 'Basic' });
    expect(client.calls()).toEqual(['respond 0 :status 401 www-authenticate Basic| fin', `stop 0 ${H3_NO_ERROR}`]);
    expect(client.server.sessions[0]?.openStreams).toBe(0);
    expect(client.server.webTransport?.stats()).toEqual({ sessions: 0, pending: 0, accepted: 0, rejected: 1 });
  });

  it('is answered once', () => {
    const client = new ScriptedClient().listen().settings();
    client.connect(0);
    const request = client.requests[0] as WebTransportRequest;
    expect(() => request.accept({ status: 300 })).toThrow('status code');
    expect(() => request.accept({ protocol: 'a' })).toThrow('protocol');
    for (const datagramsReadableType of ['', 'byte', 'Bytes', null, 0, {}]) {
      const options = { datagramsReadableType } as unknown as WebTransportAcceptOptions;
      expect(() => request.accept(options)).toThrow(
        expect.objectContaining({
          code: 'UND_ERR_INVALID_ARG',
          message: expect.stringContaining('datagramsReadableType'),
        }),
      );
    }
    expect(() => request.accept({ headers: { 'bad name': 'x' } })).toThrow('bad name');
    expect(() => request.reject(200)).toThrow('status code');
    expect(() => request.reject(600)).toThrow('status code');
    request.reject();
    const again = expect.objectContaining({ code: 'ERR_HTTP3_HEADERS_SENT' });
    expect(() => request.reject()).toThrow(again);
    expect(() => request.accept()).toThrow(again);
    expect(client.calls()).toEqual(answered(404));
  });

  it.each([
    ['resets', ServerEventKind.RESET],
    ['stops', ServerEventKind.STOP_SENDING],
  ])('cannot be answered when the client %s it', (_, kind) => {
    const client = new ScriptedClient().listen().settings();
    client.connect(0);
    const request = client.requests[0] as WebTransportRequest;
    const onAbort = vi.fn();
    request.signal.addEventListener('abort', onAbort);
    client.event({ kind, streamId: 0, number: H3_REQUEST_CANCELLED });
    expect(onAbort).toHaveBeenCalledOnce();
    expect(request.aborted).toBe(true);
    expect(request.signal.reason).toMatchObject({ code: 'ERR_HTTP3_STREAM_RESET', errorName: 'H3_REQUEST_CANCELLED' });
    for (const answer of [() => request.accept(), () => request.reject()]) {
      expect(answer).toThrow(expect.objectContaining({ code: 'ERR_HTTP3_INVALID_STREAM' }));
    }
    client.event({ kind: ServerEventKind.RESET, streamId: 0, number: H3_REQUEST_CANCELLED });
    expect(client.server.sessions[0]?.openStreams).toBe(0);
    expect(client.server.webTransport?.stats()).toEqual({ sessions: 0, pending: 0, accepted: 0, rejected: 1 });
  });

  it('cannot be answered when its connection has ended', () => {
    const client = new ScriptedClient().listen().settings();
    client.connect(0);
    client.connect(4);
    const session = client.requests[1]?.accept();
    client.server.sessions[0]?.destroy();
    const [request] = client.requests;
    expect(request?.aborted).toBe(true);
    expect(request?.signal.aborted).toBe(true);
    expect(() => request?.accept()).toThrow(expect.objectContaining({ code: 'ERR_HTTP3_INVALID_STREAM' }));
    expect(session).toBeDefined();
    expect(client.server.webTransport?.stats()).toEqual({ sessions: 0, pending: 0, accepted: 1, rejected: 1 });
  });

  it('gets 404 if nobody listens', () => {
    const client = new ScriptedClient().settings();
    client.connect(0);
    expect(client.calls()).toEqual(answered(404));
  });

  it('gets 503 when nobody answers in time', async () => {
    const client = new ScriptedClient({ acceptTimeout: 20 }).listen().settings();
    client.connect(0);
    const request = client.requests[0] as WebTransportRequest;
    await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
    expect(client.calls()).toEqual(answered(503));
    expect(() => request.accept()).toThrow(expect.objectContaining({ code: 'ERR_HTTP3_INVALID_STREAM' }));
  });

  it('is reset when no SETTINGS come in time', async () => {
    const client = new ScriptedClient({ acceptTimeout: 20 }).listen();
    client.connect(0);
    await vi.waitUntil(() => client.server.webTransport?.stats().rejected === 1);
    expect(client.calls()).toEqual(REJECTED);
    client.settings();
    expect(client.requests).toEqual([]);
  });

  it('gets 500 when a listener throws; its exception is an uncaught one', () => {
    const thrown: unknown[] = [];
    vi.spyOn(process, 'nextTick').mockImplementation((report) => {
      try {
        report();
      } catch (error) {
        thrown.push(error);
      }
    });
    const client = new ScriptedClient().settings();
    client.server.on('webtransport', () => {
      throw new Error('of the listener');
    });
    client.connect(0);
    vi.restoreAllMocks();
    expect(client.calls()).toEqual(answered(500));
    expect(thrown).toMatchObject([{ message: 'of the listener' }]);
  });

  it('is malformed if its scheme is not https, or its SETTINGS offer no datagrams', () => {
    const client = new ScriptedClient().listen().settings();
    client.connect(0, { ':scheme': 'http' });
    expect(client.calls()).toEqual([`reset 0 ${H3_MESSAGE_ERROR}`, `stop 0 ${H3_MESSAGE_ERROR}`]);
    const other = new ScriptedClient().listen().settings('727725890 1');
    other.connect(0);
    expect(other.calls()).toEqual([`reset 0 ${H3_MESSAGE_ERROR}`, `stop 0 ${H3_MESSAGE_ERROR}`]);
    expect([...client.requests, ...other.requests]).toEqual([]);
  });

  it('of another protocol gets 501 (RFC 9220 3)', () => {
    const client = new ScriptedClient().listen().settings();
    client.connect(0, { ':protocol': 'websocket' });
    expect(client.calls()).toEqual(answered(501));
    expect(client.requests).toEqual([]);
  });

  it('beyond maxSessions is reset with H3_REQUEST_REJECTED, and taken when there is room again', () => {
    const client = new ScriptedClient({ maxSessions: 2 }).listen().settings();
    client.connect(0);
    client.requests[0]?.accept();
    client.connect(4);
    client.calls();
    client.connect(8);
    expect(client.calls()).toEqual([`reset 8 ${H3_REQUEST_REJECTED}`, `stop 8 ${H3_REQUEST_REJECTED}`]);
    client.requests[1]?.reject();
    client.calls();
    client.connect(12);
    expect(client.requests).toHaveLength(3);
  });

  it('does not disturb requests', () => {
    const client = new ScriptedClient().listen().settings();
    client.connect(0);
    client.server.request(GET, true, 4);
    expect(client.calls()).toEqual(['respond 4 :status 200| fin']);
  });
});

describe('the origin check', () => {
  it.each<[string, string | undefined, number | undefined]>([
    ['allowed', 'https://example.org', undefined],
    ['another', 'https://example.com', 403],
    ['none', undefined, undefined],
  ])('lets through or refuses: %s', (_, origin, status) => {
    const client = new ScriptedClient({ allowedOrigins: ['https://example.org'] }).listen().settings();
    client.connect(0, { origin });
    expect(client.calls()).toEqual(status === undefined ? [] : answered(status));
    expect(client.requests).toHaveLength(status === undefined ? 1 : 0);
  });

  it('refuses requests without an origin if it is told to', () => {
    const client = new ScriptedClient({ requireOrigin: true }).listen().settings();
    client.connect(0);
    expect(client.calls()).toEqual(answered(403));
    client.connect(4, { origin: 'null' });
    expect(client.requests).toHaveLength(1);
  });

  it('is a function; what it throws is answered with 500, and a promise allows nothing', () => {
    const asked: unknown[] = [];
    const thrown = vi.spyOn(process, 'nextTick').mockImplementation(() => {});
    const client = new ScriptedClient({
      allowedOrigins: (origin, request) => {
        asked.push([origin, request.path]);
        if (origin === 'https://throws') throw new Error('of the check');
        return origin === 'https://promise' ? (Promise.resolve(true) as unknown as boolean) : origin === 'https://yes';
      },
    });
    client.listen().settings();
    for (const [index, name] of ['yes', 'no', 'promise', 'throws'].entries()) {
      client.connect(index * 4, { origin: `https://${name}` });
    }
    const reports = thrown.mock.calls.length;
    vi.restoreAllMocks();
    expect(asked).toHaveLength(4);
    expect(reports).toBe(1);
    expect(client.requests).toHaveLength(1);
    expect(client.calls()).toEqual([...answered(403, 4), ...answered(403, 8), ...answered(500, 12)]);
  });
});
