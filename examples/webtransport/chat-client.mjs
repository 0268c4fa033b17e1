// The chat from a terminal: every line that is typed is said; Ctrl-D leaves.
// Usage: node examples/webtransport/chat-client.mjs URL SHA256 [NAME]
import { createInterface } from 'node:readline';
import { WebTransport } from 'necko-http3/webtransport';
import { Chat } from './page/chat.js';

const [url = 'https://127.0.0.1:4433/chat', sha256 = '', name = 'Node'] = process.argv.slice(2);
const serverCertificateHashes = [{ algorithm: 'sha-256', value: Buffer.from(sha256, 'hex') }];
const transport = new WebTransport(url, { serverCertificateHashes });
const chat = await Chat.join(transport, name);
console.log(`connected; a datagram takes ${(await chat.ping())?.toFixed(1)} ms there and back`);

const input = createInterface(process.stdin)
  .on('line', (line) => chat.say(line).catch(() => input.close()))
  .on('close', () => transport.close());

/** @type {Map<number, string>} */
const names = new Map();
/** What others write must not reach the terminal's escape sequences. @param {string | undefined} text */
const plain = (text = '') => text.replace(/\p{Cc}/gu, '?');

try {
  for await (const event of chat.events()) {
    if (event.kind === 'joined') names.set(event.id, event.name);
    const who = plain(names.get(event.id));
    console.log(event.kind === 'said' ? `${who}: ${plain(event.text)}` : `${who} has ${event.kind}`);
  }
} catch {
  // `closed` says why.
}
const { closeCode, reason } = await transport.closed;
console.log(`closed: ${closeCode} ${plain(reason)}`);
input.close();
