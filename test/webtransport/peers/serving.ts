import { onTestFinished } from 'vitest';
import { expectNoNativeObjects } from '../../support/client.js';

/** Stops a server at the end of the test that starts it. */
export async function untilTestEnds<Server extends { stop(): Promise<void> }>(
  starting: Promise<Server>,
): Promise<Server> {
  const server = await starting;
  onTestFinished(() => server.stop());
  return server;
}

/** The same for a test's only server: nothing native may be left after it. */
export async function serveTest<Server extends { stop(): Promise<void> }>(starting: Promise<Server>): Promise<Server> {
  // The last one to be registered is the first to be called.
  onTestFinished(expectNoNativeObjects);
  return untilTestEnds(starting);
}
