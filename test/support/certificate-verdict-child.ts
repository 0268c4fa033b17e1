/** Says what our client, with the trust anchors of its process, makes of a server's certificate. */
import { http3Verdict } from './certificate-verdicts.js';
import { report, scenarioInput } from './scenario.js';

const { port, host } = scenarioInput<{ readonly port: number; readonly host: string }>();
report(await http3Verdict(port, host));
