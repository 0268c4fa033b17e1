import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity, type TestIdentity } from '../support/client.js';
import { runScenario } from '../support/scenario.js';
import type { ExceptionsInput, ExceptionsReport } from './user-exceptions-child.js';

let identity: TestIdentity;
let server: AioquicServer;

beforeAll(async () => {
  identity = await makeIdentity();
  server = await AioquicServer.start({ certificate: identity.certificate });
});

afterAll(() => server?.stop());

function run(event: string, path: string): Promise<ExceptionsReport> {
  const input: ExceptionsInput = { origin: server.origin, ca: identity.ca, event, path };
  return runScenario<ExceptionsReport>(new URL('./user-exceptions-child.ts', import.meta.url), input);
}

describe("an exception of a user's listener is an uncaught exception, and the connection lives on", () => {
  it.each([
    ['ready', '/bytes?length=100'],
    ['headers', '/interim'],
    ['response', '/bytes?length=100000'],
    ['data', '/bytes?length=100000'],
    ['trailers', '/trailers'],
  ])('thrown for %s: its request ends', async (event, path) => {
    const { uncaught, events, code, ...rest } = await run(event, path);
    expect(uncaught).toEqual([`thrown in ${event}`]);
    expect(code).toBe('UND_ERR_ABORTED');
    expect(events.slice(-2)).toEqual(['error', 'close']);
    expect(rest).toEqual({ beside: 100, after: 6, connects: 1 });
  });

  it("thrown for the session's connect: the request has its whole response", async () => {
    const { uncaught, events, code, ...rest } = await run('connect', '/bytes?length=100');
    expect(uncaught).toEqual(['thrown in connect']);
    expect(code).toBeUndefined();
    expect(events.slice(-2)).toEqual(['end', 'close']);
    expect(rest).toEqual({ beside: 100, after: 6, connects: 1 });
  });
});
