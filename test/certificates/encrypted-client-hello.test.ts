import { describe, expect, onTestFinished, test } from 'vitest';
import { type ConnectOptions, connect, InvalidArgumentError, MemoryTokenStore } from '../../src/index.js';
import { lookupLoopback } from '../support/certificate-verdicts.js';
import { makeCa, makeCert } from '../support/certs.js';
import { openSession } from '../support/client.js';
import { GoPeer, goPeerObstacle } from '../support/go-peer.js';
import { ImpairmentProxy } from '../support/impairment-proxy.js';
import { fetchBytes } from '../support/settlement.js';
import { connectionInfo, visit } from '../support/visit.js';

const SECRET_NAME = 'secret.example.test';
const PUBLIC_NAME = 'public.example.test';

const goObstacle = await goPeerObstacle();
const root = await makeCa();
const identity = { ca: root.certPem };

async function startServer(hosts = [SECRET_NAME, PUBLIC_NAME]): Promise<{ server: GoPeer; origin: string }> {
  const { chainPem, keyPem } = await makeCert({ ca: root, hosts });
  const server = await GoPeer.start({ certificate: { certPem: chainPem, keyPem }, publicName: PUBLIC_NAME });
  onTestFinished(() => server.stop());
  return { server, origin: `https://${SECRET_NAME}:${server.port}` };
}

function options(echConfigList: Uint8Array): ConnectOptions {
  return { ca: root.certPem, lookup: lookupLoopback, echConfigList };
}

describe.skipIf(goObstacle !== undefined)(`Encrypted Client Hello${goObstacle ? ` (${goObstacle})` : ''}`, () => {
  test('is accepted by a server that has the key', async () => {
    const { server, origin } = await startServer();
    const { info, response } = await visit(origin, options(server.echConfigList));
    expect(info).toMatchObject({ authorized: true, tls: { echAccepted: true } });
    expect(String(response.body)).toBe('hello\n');
    expect(server.requests[0]).toMatchObject({ echAccepted: true, serverName: SECRET_NAME });
  });

  test('is tried again with the configurations of a server that has another key', async () => {
    const { server, origin } = await startServer();
    const { info, response } = await visit(origin, options(server.staleEchConfigList));
    expect(info).toMatchObject({ authorized: true, tls: { echAccepted: true } });
    expect(String(response.body)).toBe('hello\n');
    expect(server.requests.map(({ echAccepted, serverName }) => [echAccepted, serverName])).toEqual([
      [true, SECRET_NAME],
      [true, SECRET_NAME],
    ]);
  });

  test('is not tried again on the word of a server that cannot show a certificate for the public name', async () => {
    const { server, origin } = await startServer([SECRET_NAME]);
    const session = openSession(origin, identity, options(server.staleEchConfigList));
    expect((await fetchBytes(session)).error).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      host: PUBLIC_NAME,
    });
    expect(server.requests).toEqual([]);
  });

  test('is tried again once, and no more, with a server that accepts nothing', async () => {
    const { chainPem, keyPem } = await makeCert({ ca: root, hosts: [SECRET_NAME, PUBLIC_NAME] });
    const certificate = { certPem: chainPem, keyPem };
    const server = await GoPeer.start({ certificate, publicName: PUBLIC_NAME, lostKey: true });
    onTestFinished(() => server.stop());
    const proxy = await ImpairmentProxy.start({ seed: 0, target: { host: '127.0.0.1', port: server.port } });
    onTestFinished(() => proxy.close());
    const session = openSession(`https://${SECRET_NAME}:${proxy.port}`, identity, options(server.echConfigList));
    expect((await fetchBytes(session)).error).toMatchObject({ code: 'ERR_TLS_ECH_RETRY' });
    expect(server.requests).toEqual([]);
    // Each connection has a socket of its own.
    expect((await proxy.counters()).clients).toBe(2);
  });

  test('resumes, with 0-RTT', async () => {
    const { server, origin } = await startServer();
    const resuming = { ...options(server.echConfigList), tokenStore: new MemoryTokenStore() };
    await visit(origin, resuming);
    const { info } = await visit(origin, resuming);
    expect(info).toMatchObject({ resumed: true, earlyData: 'accepted', tls: { echAccepted: true } });
    expect(server.requests[2]).toMatchObject({ echAccepted: true, early: true, serverName: SECRET_NAME });
  });

  test('fails clearly if the server has none', async () => {
    const { chainPem, keyPem } = await makeCert({ ca: root, hosts: [SECRET_NAME, PUBLIC_NAME] });
    const plain = await GoPeer.start({ certificate: { certPem: chainPem, keyPem } });
    onTestFinished(() => plain.stop());
    const { server } = await startServer();
    const origin = `https://${SECRET_NAME}:${plain.port}`;
    const session = openSession(origin, identity, options(server.echConfigList));
    const { error } = await fetchBytes(session);
    // This side's alert: the name that was to be secret is not sent in the open instead.
    expect(error).toMatchObject({ code: 'ERR_TLS_ALERT', message: expect.stringContaining('ech_required') });
    expect(plain.requests).toEqual([]);
  });

  test('without a configuration the client hello is plain', async () => {
    const { server, origin } = await startServer();
    const session = openSession(origin, identity, { lookup: lookupLoopback });
    const connected = connectionInfo(session);
    expect((await fetchBytes(session)).error).toBeUndefined();
    expect((await connected).tls?.echAccepted).toBe(false);
    expect(server.requests[0]).toMatchObject({ echAccepted: false, serverName: SECRET_NAME });
  });
});

test('an ECHConfigList that cannot be read is refused before anything is sent', async () => {
  const echConfigList = Buffer.from('this is no ECHConfigList');
  const session = openSession('https://127.0.0.1:9', identity, { echConfigList });
  expect((await fetchBytes(session)).error).toMatchObject({ code: 'ERR_TLS_ECH_CONFIG' });
});

test('an empty ECHConfigList is refused by connect: without one the name would go in the open', () => {
  const echConfigList = new Uint8Array();
  expect(() => connect('https://localhost', { echConfigList })).toThrow(InvalidArgumentError);
});
