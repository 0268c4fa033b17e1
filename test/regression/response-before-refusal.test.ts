import { expect, onTestFinished, test } from 'vitest';
import { AioquicServer } from '../support/aioquic-server.js';
import { makeIdentity } from '../support/client.js';
import { SteppedSession } from '../support/stepped-session.js';
import { waitUntil } from '../support/wait-until.js';

test('a response that lies in the socket when ECONNREFUSED is met is delivered', async () => {
  const server = await AioquicServer.start(await makeIdentity());
  onTestFinished(() => server.stop());
  const stepped = new SteppedSession(server.port);
  onTestFinished(() => stepped.destroy());
  stepped.send();
  while (!stepped.session.connected) await stepped.receive();

  const answered = stepped.request('/bytes?length=1000');
  stepped.send();
  await waitUntil('the request to arrive', () => server.requests.length === 1);
  // A command is obeyed when what came before it is done: the response is on its way.
  await server.forgetTickets();
  await server.stop();
  const refused = stepped.request();
  // The first datagram makes the kernel learn that nobody listens; the next one is told.
  for (let count = 0; stepped.failure === undefined; count += 1) {
    if (count > 10) throw new Error('the socket never failed');
    stepped.request(`/${count}`);
    stepped.send();
  }
  expect(stepped.failure).toMatchObject({ code: 'ECONNREFUSED' });
  expect(answered.events).toEqual(['sent 0', 'headers', 'end']);
  expect(refused.events).toEqual(['sent 4']);
  stepped.destroy();
  expect(refused.events).toEqual(['sent 4', 'error UND_ERR_SOCKET']);
});
