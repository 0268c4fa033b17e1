import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { connect } from '../../../src/index.js';
import { event, serve } from '../support/served.js';

it('a handshake that is not complete in time is reported as that', async () => {
  const served = await serve({ handshakeTimeout: 200 });
  // What the client sends arrives, what the server answers does not.
  const inward = createSocket('udp4', (datagram) => outward.send(datagram, served.port, '127.0.0.1'));
  const outward = createSocket('udp4');
  onTestFinished(() => {
    inward.close();
    outward.close();
  });
  inward.bind(0, '127.0.0.1');
  await once(inward, 'listening');
  const heard = event(served.server, 'handshakeError');
  const session = connect(`https://127.0.0.1:${inward.address().port}`, { ca: served.ca });
  const request = session.request({});
  request.on('error', () => undefined);
  const [error] = await heard;
  session.destroy();
  expect(error).toMatchObject({ code: 'ETIMEDOUT', message: 'The handshake was not complete within handshakeTimeout' });
});
