import type { IncomingMessage, ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import type { Http3AgentOptions, ProtocolChoice } from '../../../src/client/dispatcher/agent-options.js';
import { Http3Agent } from '../../../src/client/dispatcher/http3-agent.js';
import { type BoundFetch, createFetch } from '../../../src/client/fetch/fetch.js';
import type { Http3SecureServer, ServerOptions } from '../../../src/server/index.js';
import { serve } from '../../server/support/served.js';

/** What the tests of this folder go over. They hold for every protocol: with 'auto' they begin over TCP. */
export const PROTOCOL: ProtocolChoice = 'h3';

/** Whether what undici's HTTP/2 client cannot do is asked for as well. */
export const OVER_H3 = (PROTOCOL as ProtocolChoice) === 'h3';

/** A request and its response, as node:http's listeners know them. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of a test, and a fetch that reaches it. */
export interface FetchPeer {
  readonly server: Http3SecureServer;
  /** Such as `https://127.0.0.1:4433`. */
  readonly origin: string;
  readonly ca: string;
  readonly agent: Http3Agent;
  readonly fetch: BoundFetch;
  /** Makes another agent, which ends with the test. */
  makeAgent(options?: Http3AgentOptions): Http3Agent;
}

/**
 * Serves HTTP/3, HTTP/2 and HTTP/1.1 on a loopback port. Server and agents end with the test, which fails if native objects are left.
 *
 * @param options of the agent, besides trust and protocol
 */
export async function servePeer(
  answer: Answer,
  options: Http3AgentOptions = {},
  serverOptions: ServerOptions = {},
): Promise<FetchPeer> {
  const { server, origin, ca } = await serve({ tcp: true, ...serverOptions });
  server.on('request', answer);
  const makeAgent = (more: Http3AgentOptions = {}): Http3Agent => {
    const made = new Http3Agent({ protocol: PROTOCOL, allowH2: true, connect: { ca }, ...more });
    // Hooks run last first: agents end before the server.
    onTestFinished(() => made.destroy());
    return made;
  };
  const agent = makeAgent(options);
  return { server, origin, ca, agent, fetch: createFetch(agent), makeAgent };
}
