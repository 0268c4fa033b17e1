/** Downloads with a qlog and ends in one of several ways. */
import { connect } from '../../src/index.js';
import { report, scenarioInput } from '../support/scenario.js';

const { origin, ca, qlogDir, how } = scenarioInput<{
  readonly origin: string;
  readonly ca: string;
  readonly qlogDir: string;
  readonly how: string;
}>();
const session = connect(origin, { ca, qlogDir });
let bytes = 0;
for await (const chunk of session.request({ ':path': '/download.bin' }) as AsyncIterable<Buffer>) bytes += chunk.length;
report(bytes);
if (how === 'close') await session.close();
if (how === 'destroy') session.destroy();
// Otherwise the session is left open: idle, it does not keep the process alive.
