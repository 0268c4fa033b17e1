import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Http3Error } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession, type TestIdentity } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';

/** The close has to meet the client at every stage of reading the server's first streams. */
const TIMES = 20;

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start(identity);
});

afterAll(() => server?.stop());

test('a CONNECTION_CLOSE right after the handshake is reported with its own code', async () => {
  for (let time = 0; time < TIMES; time += 1) {
    const session = openSession(server.origin, identity, { tokenStore: false });
    const disconnects: Http3Error[] = [];
    session.on('disconnect', (error) => disconnects.push(error));
    const { error } = await fetchBytes(session, { ':path': '/close?code=0x10c' });
    const expected = { errorCode: 0x10c, errorName: 'H3_REQUEST_CANCELLED', safeToRetry: false };
    expect(error).toMatchObject({ code: 'UND_ERR_SOCKET', ...expected });
    expect(error?.cause).toMatchObject({ code: 'ERR_HTTP3_CONNECTION', ...expected });
    await session.close();
    expect(disconnects).toEqual([error?.cause]);
  }
});

test.each([
  ['application', 0x1234, 'ERR_HTTP3_CONNECTION', '0x1234'],
  ['transport', 0xa, 'ERR_QUIC_TRANSPORT', 'PROTOCOL_VIOLATION'],
])('so is one of the %s with %i', async (kind, errorCode, code, errorName) => {
  const session = openSession(server.origin, identity);
  const { error } = await fetchBytes(session, { ':path': `/close?code=${errorCode}&kind=${kind}` });
  expect(error?.cause).toMatchObject({ code, errorCode, errorName });
  await session.close();
});
