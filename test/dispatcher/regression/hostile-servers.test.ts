import { once } from 'node:events';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Http3AgentOptions } from '../../../src/client/dispatcher/agent-options.js';
import { Http3Agent } from '../../../src/client/dispatcher/http3-agent.js';
import { ask } from '../../protocol/support/choice-peer.js';
import { type Served, serve } from '../../server/support/served.js';

/** An agent that is told of the server's HTTP/3, and ends with the test. */
function agentFor({ origin, port, ca }: Served, options: Http3AgentOptions = {}): Http3Agent {
  const agent = new Http3Agent({ connect: { ca }, allowH2: true, hints: [{ origin, port }], ...options });
  onTestFinished(() => agent.destroy());
  return agent;
}

describe('a server that closes each QUIC connection with an error', () => {
  it('answers over TCP after the first one', async () => {
    const served = await serve({ tcp: true });
    let sessions = 0;
    served.server.on('session', (session) => {
      sessions += 1;
      session.destroy();
    });
    served.server.on('request', (_request, response) => {
      response.setHeader('alt-svc', 'clear');
      response.setHeader('x-version', response.req.httpVersion);
      response.end();
    });
    const agent = agentFor(served, { headStart: 10_000 });
    const lost = once(agent, 'disconnect');
    await expect(ask(agent, served.origin)).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    await lost;
    expect(await ask(agent, served.origin)).toMatchObject({ status: 200, version: '2.0' });
    expect(sessions).toBe(1);
  });
});

describe('a server that refuses each request', () => {
  it('is asked a bounded number of times over HTTP/3, and then over TCP', async () => {
    const served = await serve({ tcp: true });
    const versions: string[] = [];
    served.server.on('request', (incoming, response) => {
      versions.push(incoming.httpVersion);
      response.on('error', () => undefined);
      incoming.on('error', () => undefined);
      if (incoming.httpVersion !== '3.0') response.end();
    });
    served.server.on('stream', (stream) => {
      // H3_REQUEST_REJECTED (RFC 9114 8.1)
      if (stream.session.alpnProtocol === 'h3') stream.close(0x10b);
    });
    const agent = agentFor(served, { headStart: 10_000 });
    expect(await ask(agent, served.origin, { method: 'POST', body: 'again' })).toMatchObject({ status: 200 });
    expect(versions[0]).toBe('3.0');
    expect(versions.at(-1)).not.toBe('3.0');
    expect(versions.filter((version) => version !== '3.0')).toHaveLength(1);
    expect(versions.length).toBeLessThan(10);
  });
});

describe('a server that answers before an upload has ended, and reads on', () => {
  it('does not hold up the end of the agent', async () => {
    const served = await serve();
    served.server.on('request', (incoming, response) => {
      incoming.on('error', () => undefined);
      incoming.resume();
      response.end('early');
    });
    const agent = agentFor(served, { protocol: 'h3' });
    // Never ends, and never fails.
    const endless = new Readable({ read: () => setImmediate(() => endless.push(Buffer.alloc(100))) });
    const { body } = await request(served.origin, { method: 'POST', body: endless, dispatcher: agent });
    expect(await body.text()).toBe('early');
    const ended = once(endless, 'close');
    await agent.close();
    await ended;
  });
});
