// The chat with a certificate of your own.
// Usage: node examples/webtransport/chat-server.mjs KEY.pem CERT.pem [PORT [HOST]]
import { readFile } from 'node:fs/promises';
import { startChatSite } from './chat-site.mjs';

const [keyFile = 'key.pem', certFile = 'cert.pem', port = '4433', host = '127.0.0.1'] = process.argv.slice(2);
const [key, cert] = await Promise.all([readFile(keyFile, 'utf8'), readFile(certFile, 'utf8')]);
const site = await startChatSite({ key, cert, host, port: Number(port) });
console.log(
  `Page: ${site.page}\nSessions: ${site.url}/chat and ${site.url}/echo\nSHA-256 of the certificate: ${site.sha256}`,
);
