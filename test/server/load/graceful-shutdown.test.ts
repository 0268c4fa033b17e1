import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { ClientHttp3Session, ClientHttp3Stream } from '../../../src/index.js';
import { ChildModule } from '../../support/child-module.js';
import { openSession } from '../../support/client.js';
import type { Impairment } from '../../support/impairment.js';
import { ImpairmentProxy } from '../../support/impairment-proxy.js';
import { patternBytes, patternDigest } from '../../support/pattern.js';
import { type Settlement, settle } from '../../support/settlement.js';
import { waitUntil } from '../../support/wait-until.js';
import { testIdentity } from '../support/served.js';
import type { ShutdownFunctions, ShutdownReport } from './graceful-shutdown-child.js';

const CONNECTIONS = 50;
/** Requests in flight on each. */
const IN_FLIGHT = 4;
const PIECES = 10;
const PIECE = 251 * 40;
/** Between the pieces of a body, so that many requests are half done when the server closes. */
const PIECE_INTERVAL_MS = 5;
/** Answers before the server is told to close. */
const ANSWERS_BEFORE = 400;

/** Through the proxy nobody says that the server is gone. */
const CONNECT = { connectTimeout: 3000 };
const SEED = 9;

const piece = patternBytes(PIECE);
const whole = patternDigest(PIECES * PIECE);

async function stream(request: ClientHttp3Stream): Promise<void> {
  for (let count = 0; count < PIECES && !request.destroyed; count += 1) {
    request.write(piece);
    await sleep(PIECE_INTERVAL_MS);
  }
  request.end();
}

/** @returns the port to connect to */
async function pathTo(serverPort: number, impairment: Partial<Impairment> | undefined): Promise<number> {
  if (impairment === undefined) return serverPort;
  const proxy = await ImpairmentProxy.start({
    target: { host: '127.0.0.1', port: serverPort },
    seed: SEED,
    up: impairment,
    down: impairment,
  });
  onTestFinished(() => proxy.close());
  return proxy.port;
}

/** One request after the other, until one fails. */
async function work(session: ClientHttp3Session, done: Settlement[]): Promise<void> {
  for (let failed = false; !failed; ) {
    const request = session.request({ ':method': 'POST', ':path': '/' });
    const [settlement] = await Promise.all([settle(request), stream(request)]);
    done.push(settlement);
    failed = settlement.error !== undefined;
  }
}

const title = 'what was accepted is answered, what was not may be sent again, and the process ends';

test.each([
  ['loopback', undefined],
  ['a path with loss and delay', { loss: 0.02, delayMs: 5 }],
] as const)(`server.close under load over %s: ${title}`, { timeout: 60_000 }, async (_, impairment) => {
  const identity = await testIdentity();
  const { keyPem: key, certPem: cert } = identity.certificate;
  let onClosed = (_: ShutdownReport): void => undefined;
  const closed = new Promise<ShutdownReport>((resolve) => {
    onClosed = resolve;
  });
  const server = await ChildModule.start<ShutdownFunctions>(
    new URL('./graceful-shutdown-child.ts', import.meta.url),
    { key, cert },
    (report) => onClosed(report as ShutdownReport),
  );
  onTestFinished(() => server.stop());
  const origin = `https://127.0.0.1:${await pathTo(await server.call('port'), impairment)}`;

  const done: Settlement[] = [];
  const sessions = Array.from({ length: CONNECTIONS }, () => openSession(origin, identity, CONNECT));
  const workers = sessions.flatMap((session) => Array.from({ length: IN_FLIGHT }, () => work(session, done)));
  await waitUntil('answers', () => done.length >= ANSWERS_BEFORE);
  const before = done.length;
  await server.call('shutDown');
  await Promise.all(workers);

  const answered = done.filter(({ error }) => error === undefined);
  const { accepted, finished, connects, disconnects } = await closed;
  // The requests that were under way were accepted: there are answers after `close`.
  expect(answered.length).toBeGreaterThan(before);
  expect({ accepted, finished }).toEqual({ accepted: answered.length, finished: answered.length });
  for (const { bytes, sha256 } of answered) expect({ bytes, sha256 }).toEqual(whole);
  for (const { error } of done) expect(error?.safeToRetry ?? true).toBe(true);
  expect([connects, disconnects]).toEqual([CONNECTIONS, CONNECTIONS]);
  expect(await server.exited).toEqual({ exitCode: 0, signal: null });
});
