/** The server of `address-loss-child.ts`, in a network namespace of its own: answers `/bytes?length=N`, and POSTs with their digest. */
import { createHash } from 'node:crypto';
import { createSecureServer } from '../../src/server/index.js';
import { makeCa, makeCert } from '../support/certs.js';
import { patternBytes } from '../support/pattern.js';

const [address = ''] = process.argv.slice(2);
const { certPem, keyPem } = await makeCert({ ca: await makeCa(), hosts: [], ips: [address] });
const server = createSecureServer({ cert: certPem, key: keyPem });
let connections = 0;
server.on('session', () => {
  connections += 1;
});
server.on('stream', (stream, headers) => {
  const url = new URL(String(headers[':path']), 'https://x');
  stream.on('error', () => undefined);
  stream.respond();
  if (url.pathname === '/bytes') {
    stream.end(patternBytes(Number(url.searchParams.get('length'))));
    return;
  }
  if (url.pathname === '/whoami') {
    const { remoteAddress, remotePort } = stream.session.socket;
    stream.end(JSON.stringify({ connections, remoteAddress, remotePort }));
    return;
  }
  const hash = createHash('sha256');
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  stream.on('end', () => stream.end(JSON.stringify({ bytes, sha256: hash.digest('hex') })));
});
server.listen({ port: 0, host: address }, () => process.stdout.write(`${server.address()?.port}\n`));
