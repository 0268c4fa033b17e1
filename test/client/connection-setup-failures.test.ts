import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ClientHttp3Session, ConnectOptions, Http3Error, LookupFunction } from '../../src/index.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { findFreePort } from '../support/free-port.js';
import { fetchBytes } from '../support/settlement.js';
import { bindUdpSocket } from '../support/udp-socket.js';

const REQUESTS = 5;

let identity: TestIdentity;

beforeAll(async () => {
  identity = await makeIdentity();
});

/** A port that takes datagrams and answers none. */
async function blackhole(host = '127.0.0.1'): Promise<number> {
  const socket = await bindUdpSocket(host, 0);
  onTestFinished(() => {
    socket.close();
  });
  return socket.address().port;
}

function failingLookup(code: string): LookupFunction {
  return (host, _options, callback) => {
    setImmediate(() => callback(Object.assign(new Error(`getaddrinfo ${code} ${host}`), { code }), []));
  };
}

/** Every request that waits for the connection fails once, with the error that the session reports. */
async function expectFailure(session: ClientHttp3Session, code: string): Promise<Http3Error> {
  const reported: Http3Error[] = [];
  session.on('connectionError', (error) => reported.push(error));
  const settled = await Promise.all(Array.from({ length: REQUESTS }, () => fetchBytes(session)));
  expect(reported).toHaveLength(1);
  const [error] = reported as [Http3Error];
  for (const { error: own, events } of settled) {
    expect(own).toBe(error);
    expect(events).toEqual(['error', 'close']);
  }
  expect(error).toMatchObject({ code, safeToRetry: true });
  expect(session).toMatchObject({ connected: false, pendingRequests: 0, runningRequests: 0, connection: undefined });
  return error;
}

describe('a connection that cannot be made fails every request that waits for it', () => {
  it.each([['127.0.0.1'], ['::1']])('at a closed port of %s: ECONNREFUSED', async (host) => {
    const port = await findFreePort(host);
    const session = openSession(`https://${host.includes(':') ? `[${host}]` : host}:${port}`, identity);
    await expectFailure(session, 'ECONNREFUSED');
    await session.close();
  });

  it('at an address that does not answer, after connectTimeout: UND_ERR_CONNECT_TIMEOUT', async () => {
    const session = openSession(`https://127.0.0.1:${await blackhole()}`, identity, { connectTimeout: 200 });
    const error = await expectFailure(session, 'UND_ERR_CONNECT_TIMEOUT');
    expect(error.message).toContain('127.0.0.1');
    await session.close();
  });

  it('at an address that does not answer, without connectTimeout after idleTimeout: ETIMEDOUT', async () => {
    const options: ConnectOptions = { connectTimeout: 0, idleTimeout: 200 };
    const session = openSession(`https://127.0.0.1:${await blackhole()}`, identity, options);
    await expectFailure(session, 'ETIMEDOUT');
    await session.close();
  });

  it.each(['ENOTFOUND', 'EAI_AGAIN'])('with a name that cannot be resolved: %s', async (code) => {
    const session = openSession('https://nowhere.invalid', identity, { lookup: failingLookup(code) });
    const error = await expectFailure(session, code);
    expect(error.cause).toMatchObject({ code });
    await session.close();
  });

  it('with a name without addresses: ENOTFOUND', async () => {
    const lookup: LookupFunction = (_host, _options, callback) => callback(null, []);
    const session = openSession('https://nowhere.invalid', identity, { lookup });
    await expectFailure(session, 'ENOTFOUND');
    await session.close();
  });

  it('with no address of the wanted family: ENOTFOUND', async () => {
    const lookup: LookupFunction = (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]);
    const session = openSession('https://nowhere.invalid', identity, { lookup, family: 6 });
    await expectFailure(session, 'ENOTFOUND');
    await session.close();
  });

  it('with a look-up that never answers, after connectTimeout: UND_ERR_CONNECT_TIMEOUT', async () => {
    const session = openSession('https://nowhere.invalid', identity, { lookup: () => undefined, connectTimeout: 100 });
    const error = await expectFailure(session, 'UND_ERR_CONNECT_TIMEOUT');
    expect(error.message).toContain('not resolved');
    await session.close();
  });

  it('from a local address that is not there: EADDRNOTAVAIL', async () => {
    // TEST-NET-1 (RFC 5737) is nobody's.
    const session = openSession(`https://127.0.0.1:${await blackhole()}`, identity, { localAddress: '192.0.2.1' });
    await expectFailure(session, 'EADDRNOTAVAIL');
    await session.close();
  });
});

it('a later request tries anew after a failure', async () => {
  const port = await findFreePort('127.0.0.1');
  const session = openSession(`https://127.0.0.1:${port}`, identity);
  let failures = 0;
  session.on('connectionError', () => {
    failures += 1;
  });
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    expect((await fetchBytes(session)).error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(failures).toBe(attempt);
  }
  await session.close();
});
