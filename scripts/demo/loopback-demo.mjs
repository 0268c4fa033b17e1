/** Downloads from Caddy and uploads through it, on loopback, and checks every byte. */
import { formatBytes, MemoryTokenStore } from './library.mjs';
import { startServers } from './servers.mjs';
import { connectionFacts, fact, timingFacts } from './summary.mjs';
import { download, openConnection, upload } from './transfers.mjs';

const DOWNLOAD_BYTES = 200 * 1024 * 1024;
const UPLOAD_BYTES = 50 * 1024 * 1024;

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

/**
 * @param {string} what
 * @param {string} received SHA-256 in hex
 * @param {string} expected
 */
function checkHash(what, received, expected) {
  if (received !== expected) throw new Error(`${what}: SHA-256 is ${received} instead of ${expected}`);
  say(fact('SHA-256', `${received.slice(0, 16)}…  as it should be`));
}

/** @param {AbortSignal} signal ends the demo; its servers and files are removed in any case */
export async function runLoopbackDemo(signal) {
  say(`\nStarting Caddy with a certificate made for the occasion and a file of ${formatBytes(DOWNLOAD_BYTES)} …`);
  const servers = await startServers(DOWNLOAD_BYTES, UPLOAD_BYTES);
  /** @type {Awaited<ReturnType<typeof openConnection>>[]} */
  const connections = [];
  try {
    signal.throwIfAborted();
    say(fact('server', servers.description));
    const options = { ca: servers.ca, tokenStore: new MemoryTokenStore(), signal };

    say(`\nDownload of ${formatBytes(DOWNLOAD_BYTES)} over HTTP/3`);
    const first = await openConnection(servers.origin, options);
    connections.push(first);
    const downloaded = await download(first.session, servers.downloadPath, signal);
    for (const line of timingFacts(downloaded)) say(line);
    checkHash('Download', downloaded.sha256, servers.downloadSha256);

    say(`\nUpload of ${formatBytes(UPLOAD_BYTES)} through Caddy to a Node server, and back`);
    const uploaded = await upload(first.session, servers.echoPath, servers.uploadBody, UPLOAD_BYTES, signal);
    for (const line of timingFacts(uploaded)) say(line);
    checkHash('Upload', uploaded.sha256, servers.uploadSha256);

    say('\nNegotiated');
    for (const line of connectionFacts(first)) say(line);
    await first.session.close();

    say('\nA second connection');
    const second = await openConnection(servers.origin, options);
    connections.push(second);
    const again = await download(second.session, servers.smallPath, signal);
    say(fact('resumed', `${second.info.resumed ? 'yes' : 'no'}; 0-RTT ${second.info.earlyData}`));
    for (const line of timingFacts(again)) say(line);
    await second.session.close();
    say('\nAll bytes are right.');
  } finally {
    for (const { session } of connections) session.destroy();
    await servers.stop();
  }
}
