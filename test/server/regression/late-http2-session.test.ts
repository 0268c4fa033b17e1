import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, it } from 'vitest';
import { event, serve } from '../support/served.js';

it('a client that is in its handshake over TCP does not hold up close', async () => {
  const { server, port, origin, ca } = await serve({ tcp: true });
  const accepted = event(server.tcpServer as NodeJS.EventEmitter, 'connection');
  const socket = connectTcp(port, '127.0.0.1');
  await Promise.all([once(socket, 'connect'), accepted]);

  const closed = event(server, 'close');
  server.close();
  const http2 = connectHttp2(origin, { createConnection: () => connectTls({ socket, ca, ALPNProtocols: ['h2'] }) });
  const left = once(http2, 'close');
  await once(http2, 'goaway');
  await Promise.all([closed, left]);
  expect(http2.closed).toBe(true);
});
