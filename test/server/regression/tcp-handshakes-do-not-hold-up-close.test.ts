import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, it } from 'vitest';
import { waitUntil } from '../../support/wait-until.js';
import { serve } from '../support/served.js';

/** Accepted by the server, and without a TLS handshake. */
async function openRaw(port: number): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1').on('error', () => undefined);
  await once(socket, 'connect');
  return socket.resume();
}

it('a client over TCP that never begins TLS does not hold up close, and open requests are answered', async () => {
  const answers: (() => void)[] = [];
  const { server, port, ca } = await serve({ tcp: true });
  server.on('request', (_, response) => answers.push(() => response.end('late')));
  const silent = await openRaw(port);
  const halfway = await openRaw(port);
  // The head of a TLS record whose rest never comes.
  halfway.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]));
  const request = httpsRequest({ port, host: '127.0.0.1', ca, agent: false }).end();
  const response = once(request, 'response');
  await waitUntil('the request', () => answers.length === 1);

  const closed = once(server, 'close');
  const ended = [once(silent, 'close'), once(halfway, 'close')];
  server.close();
  await Promise.all(ended);
  for (const answer of answers) answer();
  const [{ statusCode }] = await response;
  expect(statusCode).toBe(200);
  request.destroy();
  await closed;
});

it('nor does one that has made no request over HTTP/1.1', async () => {
  const { server, port, ca } = await serve({ tcp: true });
  const secured = once(server.tcpServer as NodeJS.EventEmitter, 'secureConnection');
  const client = connectTls({ port, host: '127.0.0.1', ca, ALPNProtocols: ['http/1.1'] }).on('error', () => undefined);
  await Promise.all([once(client, 'secureConnect'), secured]);
  const ended = once(client.resume(), 'close');
  const closed = once(server, 'close');
  server.close();
  await Promise.all([ended, closed]);
});

it('a WebSocket survives close', async () => {
  const { server, port, ca } = await serve({ tcp: true });
  server.tcpServer?.on('upgrade', (_, socket: Socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    socket.on('data', (chunk) => socket.end(chunk));
  });
  const request = httpsRequest({
    port,
    host: '127.0.0.1',
    ca,
    agent: false,
    headers: { connection: 'upgrade', upgrade: 'websocket' },
  }).end();
  const [, socket] = (await once(request, 'upgrade')) as [unknown, Socket];
  const closed = once(server, 'close');
  server.close();
  socket.write('still here');
  const [echo] = await once(socket, 'data');
  expect(String(echo)).toBe('still here');
  await closed;
});
