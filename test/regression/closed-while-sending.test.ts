import { expect, onTestFinished, test } from 'vitest';
import { SteppedSession } from '../support/stepped-session.js';
import { bindUdpSocket } from '../support/udp-socket.js';

/** Longer than the idle timeout, which is at least three probe timeouts of a path not measured yet (RFC 9000 10.1). */
const BLOCKED_MS = 1500;

test('a connection that turns out to be over when recvData sends has ended when recvData returns', async () => {
  const silent = await bindUdpSocket('127.0.0.1', 0);
  onTestFinished(() => {
    silent.close();
  });
  const stepped = new SteppedSession(silent.address().port, { idleTimeout: 100 });
  onTestFinished(() => stepped.destroy());
  const request = stepped.request();
  stepped.send();
  // The event loop is blocked past the idle timeout, and after that polls the socket before it runs timers.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCKED_MS);
  stepped.receiveNow();
  expect(request.events).toEqual(['error ETIMEDOUT']);
  expect(stepped.session.closed).toBe(true);
  expect(stepped.failure).toMatchObject({ code: 'ETIMEDOUT' });
});
