/** Throws from listeners of requests, and reports what became of the exceptions, the requests and the connection. */
import { connect } from '../../src/index.js';
import { report, scenarioInput } from '../support/scenario.js';
import { fetchBytes, settle } from '../support/settlement.js';

export interface ExceptionsInput {
  readonly origin: string;
  readonly ca: string;
  /** Event of the request or of the session whose listener throws. */
  readonly event: string;
  readonly path: string;
}

export interface ExceptionsReport {
  /** Messages of uncaught exceptions. */
  readonly uncaught: readonly string[];
  /** Events of the request that the listener belongs to. */
  readonly events: readonly string[];
  readonly code: string | undefined;
  /** Bytes of the requests that ran beside it, and after it. */
  readonly beside: number;
  readonly after: number;
  readonly connects: number;
}

const { origin, ca, event, path } = scenarioInput<ExceptionsInput>();
const uncaught: string[] = [];
process.on('uncaughtException', ({ message }) => uncaught.push(message));

const session = connect(origin, { ca });
let connects = 0;
session.on('connect', () => {
  connects += 1;
  if (event === 'connect') throw new Error('thrown in connect');
});
const besideSettled = fetchBytes(session, { ':path': '/slow-writer?count=4&length=25&interval=30' });
const stream = session.request({ ':path': path });
const settled = settle(stream);
if (event !== 'connect') {
  stream.once(event, () => {
    throw new Error(`thrown in ${event}`);
  });
}
const { events, error } = await settled;
const { bytes: beside } = await besideSettled;
const { bytes: after } = await fetchBytes(session);
await session.close();
report({ uncaught, events, code: error?.code, beside, after, connects } satisfies ExceptionsReport);
