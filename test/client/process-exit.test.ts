import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, type TestIdentity } from '../support/client.js';
import { findFreePort } from '../support/free-port.js';
import { runScenario } from '../support/scenario.js';
import { bindUdpSocket } from '../support/udp-socket.js';
import type { ExitInput, ExitReport, SceneName } from './process-exit-child.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate });
});

afterAll(() => server?.stop());

/** Plays a scene in a process of its own; a process that does not end by itself fails the test. */
function play(scene: SceneName, origin: string, serverPid = 0): Promise<ExitReport> {
  const input: ExitInput = { scene, origin, ca: identity.ca, serverPid };
  return runScenario(new URL('./process-exit-child.ts', import.meta.url), input, { deadlineMs: 20_000 });
}

describe('a process ends by itself after', () => {
  it.each<[SceneName, Partial<ExitReport>]>([
    ['idle session', { codes: [], bytes: 6 }],
    ['session that is never used', { codes: [] }],
    ['closed session', { codes: [], bytes: 6 }],
    ['destroyed session', { codes: ['UND_ERR_DESTROYED'] }],
    ['aborted request', { codes: ['UND_ERR_ABORTED'], bytes: 10 }],
    ['request closed in the middle of its body', { codes: [] }],
    ['server closes with an error', { codes: ['UND_ERR_SOCKET', 'ERR_HTTP3_CONNECTION'] }],
    ['timeouts of the request', { codes: ['UND_ERR_HEADERS_TIMEOUT'] }],
    ['slow answer', { codes: [], bytes: 30 }],
  ])('%s', async (scene, expected) => {
    expect(await play(scene, server.origin)).toMatchObject(expected);
  });

  it.each<[SceneName, Partial<ExitReport>]>([
    ['server is killed', { codes: ['UND_ERR_SOCKET', 'ECONNREFUSED'], bytes: 10 }],
    ['server hangs', { codes: ['UND_ERR_SOCKET', 'ERR_QUIC_IDLE_TIMEOUT'], bytes: 10 }],
  ])('%s', async (scene, expected) => {
    const victim = await AioquicServer.start({ certificate: identity.certificate });
    onTestFinished(async () => {
      victim.freeze(false);
      await victim.stop();
    });
    expect(await play(scene, victim.origin, victim.pid)).toMatchObject(expected);
  });

  it('a closed port', async () => {
    const origin = `https://127.0.0.1:${await findFreePort('127.0.0.1')}`;
    expect(await play('refused or silent address', origin)).toMatchObject({ codes: ['ECONNREFUSED'] });
  });

  it.each<[SceneName, string]>([
    ['refused or silent address', 'UND_ERR_CONNECT_TIMEOUT'],
    ['silent address without connectTimeout', 'ETIMEDOUT'],
  ])('an address that does not answer: %s', async (scene, code) => {
    const silent = await bindUdpSocket('127.0.0.1', 0);
    onTestFinished(() => {
      silent.close();
    });
    expect(await play(scene, `https://127.0.0.1:${silent.address().port}`)).toMatchObject({ codes: [code] });
  });

  it('a name that cannot be resolved', async () => {
    const result = await play('name that cannot be resolved', 'https://nowhere.invalid');
    expect(result).toMatchObject({ codes: ['ENOTFOUND', 'ENOTFOUND'] });
  });
});
