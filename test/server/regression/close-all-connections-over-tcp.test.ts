import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { expect, it } from 'vitest';
import { fetchBytes } from '../../support/settlement.js';
import { serve } from '../support/served.js';

it('closeAllConnections ends connections over TCP as well, and the server goes on', async () => {
  const { server, port, origin, ca, connect } = await serve({ tcp: true }, (stream) => stream.end());
  const http2 = connectHttp2(origin, { ca }).on('error', () => undefined);
  const http1 = connectTls({ port, host: '127.0.0.1', ca, ALPNProtocols: ['http/1.1'] }).on('error', () => undefined);
  await Promise.all([once(http2, 'connect'), once(http1, 'secureConnect')]);
  const closed = Promise.all([once(http2, 'close'), once(http1.resume(), 'close')]);
  server.closeAllConnections();
  await closed;
  expect((await fetchBytes(connect())).headers?.[':status']).toBe(200);
});
