/** Throws from listeners of a server, and reports what became of the exceptions, the request and the server. */
import { connect } from '../../src/index.js';
import { createSecureServer } from '../../src/server/index.js';
import type { ServerHttp3Stream } from '../../src/server/server-types.js';
import { makeIdentity } from '../support/client.js';
import { report, scenarioInput } from '../support/scenario.js';
import { fetchBytes } from '../support/settlement.js';

export interface ExceptionsInput {
  /** Event whose listener throws. */
  readonly event: string;
}

export interface ExceptionsReport {
  /** Messages of uncaught exceptions. */
  readonly uncaught: readonly string[];
  /** How the request ended whose listener threw. */
  readonly errorName: string | undefined;
  /** Bytes of a response after that. */
  readonly after: number;
}

const { event } = scenarioInput<ExceptionsInput>();
const uncaught: string[] = [];
process.on('uncaughtException', ({ message }) => uncaught.push(message));

let thrown = false;
function throwOnce(): undefined {
  if (thrown) return;
  thrown = true;
  throw new Error(`thrown in ${event}`);
}

const { ca, certificate } = await makeIdentity();
const server = createSecureServer({ key: certificate.keyPem, cert: certificate.certPem });
server.on('stream', (stream: ServerHttp3Stream) => {
  if (event === 'stream') throwOnce();
  if (event === 'data') stream.on('data', throwOnce);
  if (event === 'statCheck') {
    stream.respondWithFile(import.meta.filename, {}, { length: 5, statCheck: throwOnce });
    return;
  }
  if (event === 'onError') {
    const path = thrown ? import.meta.filename : `${import.meta.filename}.absent`;
    stream.respondWithFile(path, {}, { length: 5, onError: throwOnce });
    return;
  }
  stream.respond({}, { waitForTrailers: event === 'wantTrailers' });
  if (event === 'wantTrailers') {
    stream.on('wantTrailers', () => {
      throwOnce();
      stream.sendTrailers({});
    });
  }
  if (event === 'data') stream.on('end', () => stream.end('hello'));
  else stream.end('hello');
});
if (event === 'session' || event === 'connect') server.on(event, throwOnce);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const session = connect(`https://127.0.0.1:${server.address()?.port}`, { ca });
const { error } = await fetchBytes(session, { ':method': 'POST' }, { body: 'body' });
const { bytes: after } = await fetchBytes(session);
await session.close();
await server[Symbol.asyncDispose]();
report({ uncaught, errorName: error?.errorName, after } satisfies ExceptionsReport);
