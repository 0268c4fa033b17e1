/** A request whose token store fails, and whose listener for that throws: tells what came of both. */
import { connect } from '../../src/index.js';
import { report, scenarioInput } from '../support/scenario.js';

const { origin, ca } = scenarioInput<{ readonly origin: string; readonly ca: string }>();
const uncaught: string[] = [];
process.on('uncaughtException', (error) => uncaught.push(error.message));
const fail = (): Promise<never> => Promise.reject(new Error('the store is out of order'));
const session = connect(origin, { ca, tokenStore: { take: fail, put: fail } });
session.on('tokenStoreError', () => {
  throw new Error('the listener threw');
});
let bytes = 0;
for await (const chunk of session.request() as AsyncIterable<Buffer>) bytes += chunk.length;
await session.close();
report({ bytes, uncaught: [...new Set(uncaught)] });
