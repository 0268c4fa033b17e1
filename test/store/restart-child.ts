/** One run of a program that keeps its tokens in a file: visits a server, and tells how. */

import { SqliteAgentStore } from '../../src/client/store/sqlite-agent-store.js';
import { StoredTokens } from '../../src/client/store/stored-tokens.js';
import { type ConnectionInfo, connect } from '../../src/index.js';
import { report, scenarioInput } from '../support/scenario.js';

const { origin, ca, path } = scenarioInput<{ readonly origin: string; readonly ca: string; readonly path: string }>();
const store = new SqliteAgentStore(path);
const session = connect(origin, { ca, tokenStore: new StoredTokens(store) });
const storeErrors: string[] = [];
session.on('tokenStoreError', (error) => storeErrors.push(String(error)));
const connected = new Promise<ConnectionInfo>((resolve) => {
  session.once('connect', resolve);
});
const bodies: string[] = [];
// Two requests: by the second answer the handshake is confirmed and its ticket there.
for (let request = 0; request < 2; request += 1) {
  const stream = session.request();
  let body = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) body += chunk.toString();
  bodies.push(body);
}
const { resumed, earlyData } = await connected;
await session.close();
store.close();
report({ bodies, resumed, earlyData, storeErrors });
