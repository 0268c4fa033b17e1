/** Binds a port without the privileges that it takes. */
import { loadServerAddon } from '../../src/native-server.js';
import { report, scenarioInput } from '../support/scenario.js';

const NOBODY = 65_534;
const { localPort } = scenarioInput<{ readonly localPort: number }>();
const { UdpPoll } = loadServerAddon();
if (process.getuid?.() === 0) process.setuid?.(NOBODY);
try {
  new UdpPoll({ localAddress: '127.0.0.1', localPort, ipv6Only: false, reusePort: false }, () => undefined).close();
  report('bound');
} catch (error) {
  report({ ...(error as object) });
}
