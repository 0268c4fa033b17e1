import { beforeAll, expect, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity } from '../support/client.js';
import { runScenario } from '../support/scenario.js';
import type { Input, Report } from './throwing-callbacks-child.js';

const ABORTING = ['ready', 'headers', 'response', 'data', 'trailers'];
const ENDING = ['finish', 'close'];
const SESSION = ['connect', 'close'];
const TOKEN_STORE = ['take', 'put'];
const OTHER_FINE = { bytes: 1000, closes: 1 };

let reports: ReadonlyMap<string, Report>;

function reportOf(place: string): Report {
  const report = reports.get(place);
  if (report === undefined) throw new Error(`nothing was reported of ${place}`);
  return report;
}

// In one process of their own, which ends by itself: an uncaught exception would fail the tests.
beforeAll(async () => {
  const identity = await makeIdentity();
  const server = await AioquicServer.start(identity);
  try {
    const places = [
      ...[...ABORTING, ...ENDING, 'end', 'error'].map((name) => `stream ${name}`),
      ...SESSION.map((name) => `session ${name}`),
      ...TOKEN_STORE,
      'body',
      'lookup',
    ];
    const input: Input = { origin: `https://localhost:${server.port}`, ca: identity.ca, places };
    const list = await runScenario<Report[]>(new URL('./throwing-callbacks-child.ts', import.meta.url), input);
    reports = new Map(list.map((report) => [report.place, report]));
  } finally {
    await server.stop();
  }
});

test.each(ABORTING)('a %s listener that throws is an uncaught exception, and aborts its own request only', (name) => {
  const { uncaught, offender, other } = reportOf(`stream ${name}`);
  expect(uncaught).toEqual([`stream ${name}`]);
  expect(offender).toMatchObject({ code: 'UND_ERR_ABORTED', closes: 1 });
  expect(other).toEqual(OTHER_FINE);
});

test.each(ENDING)('one of %s is an uncaught exception, and its request has ended well', (name) => {
  const { uncaught, offender, other } = reportOf(`stream ${name}`);
  expect(uncaught).toEqual([`stream ${name}`]);
  expect(offender).toEqual({ bytes: 5, closes: 1 });
  expect(other).toEqual(OTHER_FINE);
});

test.each(['end', 'error'])('one of %s keeps neither the other request nor the session from ending', (name) => {
  const { uncaught, other } = reportOf(`stream ${name}`);
  expect(uncaught).toEqual([`stream ${name}`]);
  expect(other).toEqual(OTHER_FINE);
});

test.each(SESSION)("one of the session's %s concerns no request", (name) => {
  const { uncaught, offender, other } = reportOf(`session ${name}`);
  expect(uncaught).toEqual([`session ${name}`]);
  expect(offender).toEqual({ bytes: 5, closes: 1 });
  expect(other).toEqual(OTHER_FINE);
});

test('a body that throws fails its request only', () => {
  const { uncaught, offender, other } = reportOf('body');
  expect(uncaught).toEqual([]);
  expect(offender).toMatchObject({ code: 'ERR_HTTP3_REQUEST_BODY', closes: 1 });
  expect(other).toEqual(OTHER_FINE);
});

test.each(TOKEN_STORE)('a token store whose %s throws concerns no request', (name) => {
  const { uncaught, offender, other, tokenStoreErrors } = reportOf(name);
  expect(uncaught).toEqual([]);
  expect(tokenStoreErrors).toBeGreaterThan(0);
  expect(offender).toEqual({ bytes: 5, closes: 1 });
  expect(other).toEqual(OTHER_FINE);
});

test('a lookup that throws fails the requests that wait for it', () => {
  const { uncaught, offender, other } = reportOf('lookup');
  expect(uncaught).toEqual([]);
  expect(offender).toEqual({ code: 'ENOTFOUND', bytes: 0, closes: 1 });
  expect(other).toEqual({ code: 'ENOTFOUND', bytes: 0, closes: 1 });
});
