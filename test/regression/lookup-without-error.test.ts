import { expect, onTestFinished, test } from 'vitest';
import type { LookupFunction } from '../../src/index.js';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, openSession } from '../support/client.js';
import { fetchBytes } from '../support/settlement.js';

const identity = await makeIdentity();

type Callback = (error: unknown, addresses: unknown) => void;

function lookupThat(answers: (callback: Callback) => void): LookupFunction {
  return (_host, _options, callback) => answers(callback as unknown as Callback);
}

test.each([undefined, null])('a lookup may call back with the error %s', async (none) => {
  const server = await AioquicServer.start(identity);
  onTestFinished(() => server.stop());
  const lookup = lookupThat((callback) => callback(none, [{ address: '127.0.0.1', family: 4 }]));
  const session = openSession(`https://localhost:${server.port}`, identity, { lookup });
  expect(await fetchBytes(session)).toMatchObject({ error: undefined, bytes: 6 });
  await session.close();
});

const failure = Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });

test.each<[string, (callback: Callback) => void, string]>([
  ['an error', (callback) => callback(failure, []), 'ENOTFOUND'],
  ['an error and nothing else', (callback) => callback(failure, undefined), 'ENOTFOUND'],
  ['no address', (callback) => callback(undefined, []), 'ENOTFOUND'],
  ['what is no address', (callback) => callback(undefined, [{ address: 'localhost', family: 4 }]), 'ENOTFOUND'],
  ['no list', (callback) => callback(undefined, undefined), 'ENOTFOUND'],
  [
    'an exception',
    () => {
      throw failure;
    },
    'ENOTFOUND',
  ],
])('one that answers with %s fails the requests', async (_what, answers, code) => {
  const session = openSession('https://localhost:1', identity, { lookup: lookupThat(answers) });
  const { error, events } = await fetchBytes(session);
  expect(error?.code).toBe(code);
  expect(events).toEqual(['error', 'close']);
  await session.close();
});
