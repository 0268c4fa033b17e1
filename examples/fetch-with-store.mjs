// Fetches URLs and remembers what it learned in a file: of a server with HTTP/3 the first run uses HTTP/2, the second one HTTP/3, and
// the third one 0-RTT, if the server takes it.
// Usage: node examples/fetch-with-store.mjs URL …
import { createFetch, getConnectionInfo, SqliteAgentStore } from 'necko-http3';

const store = new SqliteAgentStore('http3.db');
store.on('warning', (error) => console.warn(error.message));
const fetch = createFetch({ store });

for (const url of process.argv.slice(2)) {
  const response = await fetch(url);
  const { byteLength } = await response.arrayBuffer();
  const info = getConnectionInfo(response);
  const early = info?.earlyData ? ' in 0-RTT' : '';
  console.log(`${response.status} over ${info?.protocol}${early}: ${byteLength} bytes of ${response.url}`);
}
await fetch.agent.close();
store.close();
