/** Downloads from this package's server and uploads to it, on loopback, checks every byte, and fetches from it. */
import { bodySha256, generateBody } from '../../test/support/site-files.js';
import { showFetch } from './fetch-front.mjs';
import { formatBytes, MemoryTokenStore } from './library.mjs';
import { startServer } from './loopback-server.mjs';
import { connectionFacts, fact, serverFacts, timingFacts, yesOrNo } from './summary.mjs';
import { download, openConnection, upload } from './transfers.mjs';

const DOWNLOAD_BYTES = 200 * 1024 * 1024;
const UPLOAD_BYTES = 50 * 1024 * 1024;
/** The upload's bytes differ from the download's. */
const UPLOAD_SEED = 1;

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

/** @param {AbortSignal} signal ends the demo; its server and files are removed in any case */
export async function runLoopbackDemo(signal) {
  say(`\nStarting a server with a certificate made for the occasion and a file of ${formatBytes(DOWNLOAD_BYTES)} …`);
  const server = await startServer(DOWNLOAD_BYTES);
  /** @type {Awaited<ReturnType<typeof openConnection>>[]} */
  const connections = [];
  try {
    signal.throwIfAborted();
    say(fact('server', `necko-http3/server in process ${server.pid}, at ${server.origin}`));
    const options = { ca: server.ca, tokenStore: new MemoryTokenStore(), signal };

    say(`\nDownload of ${formatBytes(DOWNLOAD_BYTES)} over HTTP/3`);
    const first = await openConnection(server.origin, options);
    connections.push(first);
    const downloaded = await download(first.session, '/download', signal);
    for (const line of timingFacts(downloaded)) say(line);
    checkHash('Download', downloaded.sha256, server.downloadSha256);

    say(`\nUpload of ${formatBytes(UPLOAD_BYTES)}, of which the server says the hash`);
    const body = () => generateBody(UPLOAD_BYTES, UPLOAD_SEED);
    const uploaded = await upload(first.session, '/upload', body, UPLOAD_BYTES, signal);
    for (const line of timingFacts(uploaded)) say(line);
    checkHash('Upload', uploaded.sha256, bodySha256(UPLOAD_BYTES, UPLOAD_SEED));

    say('\nNegotiated, as the client sees it');
    for (const line of connectionFacts(first)) say(line);

    say('\nThe same connection, as the server sees it');
    for (const line of await closeBothSides(first.session, server)) say(line);

    say('\nA second connection');
    const second = await openConnection(server.origin, options);
    connections.push(second);
    const again = await download(second.session, '/hello', signal);
    say(fact('resumed', `${yesOrNo(second.info.resumed)}; 0-RTT ${second.info.earlyData}`));
    for (const line of timingFacts(again)) say(line);

    say('\nAs the server sees it');
    for (const line of await closeBothSides(second.session, server)) say(line);

    say('\nThe same server by fetch, which speaks HTTP/2 and HTTP/1.1 too');
    await showFetch(server.origin, server.ca, signal, say);
    say('\nAll bytes are right.');
  } finally {
    for (const { session } of connections) session.destroy();
    await server.stop();
  }
}

/**
 * @param {import('./transfers.mjs').Session} session
 * @param {Awaited<ReturnType<typeof startServer>>} server
 */
async function closeBothSides(session, server) {
  const disconnect = server.nextDisconnect();
  await session.close();
  return serverFacts(await disconnect);
}
