/** One request, and then nothing: the process has to end by itself, with nothing closed. */
import { request } from 'undici';
import { Http3Agent } from '../../../src/client/dispatcher/http3-agent.js';
import { report, scenarioInput } from '../../support/scenario.js';

export interface ExitInput {
  readonly origin: string;
  readonly ca: string;
  /** Where HTTP/3 is said to be. */
  readonly udpPort: number;
}

const { origin, ca, udpPort } = scenarioInput<ExitInput>();
// Nothing but the end of the process ends the attempt over QUIC within the time of a test.
const agent = new Http3Agent({
  connect: { ca, timeout: 1_000_000 },
  hints: [{ origin, port: udpPort }],
  headStart: 20,
});
request(origin, { dispatcher: agent }).then(async ({ body }) => report(await body.text()));
