import { type Dispatcher, type Response, fetch as undiciFetch } from 'undici';
import { InvalidArgumentError } from '../../errors.js';
import type { Http3AgentOptions } from '../dispatcher/agent-options.js';
import type { AnyDispatcher } from '../dispatcher/typed-dispatcher.js';
import { getDefaultAgent, makeAgent } from './default-agent.js';
import { type FetchInit, type FetchInput, requestArguments } from './request-arguments.js';
import { ConnectionObserver } from './response-info.js';

export type { FetchInit, FetchInput } from './request-arguments.js';

/**
 * undici's Response. To TypeScript it is the global one as well, so that `fetch` is a `typeof globalThis.fetch`, whichever declares that:
 * @types/node or the DOM. `instanceof globalThis.Response` does not hold for it.
 */
export type FetchResponse = Response & globalThis.Response;

/** A fetch function that goes through an agent of its own. */
export interface BoundFetch {
  (input: FetchInput, init?: FetchInit): Promise<FetchResponse>;
  /** What carries its requests: close it to end its connections. */
  readonly agent: Dispatcher;
}

/**
 * The Fetch API over HTTP/3, with HTTP/2 and HTTP/1.1 where a server has no HTTP/3 (undici does the Fetch standard). It goes through one
 * agent with default options ({@link getDefaultAgent}); see {@link createFetch} for options.
 *
 * @param input URL, or a Request: undici's, or that of any other copy, such as Node's built-in
 * @param init as the standard's, and undici's `dispatcher`, which carries this request instead of the agent. A `dispatcher` that
 *   was given to a Request's constructor cannot be seen here: give it to fetch
 * @returns the response, as soon as its header section is there
 * @throws TypeError 'fetch failed' with an error of this package (docs/errors.md) as `cause` if there is no response; the signal's reason
 *   if it aborts; TypeError for arguments that the standard refuses
 */
export async function fetch(input: FetchInput, init?: FetchInit): Promise<FetchResponse> {
  return fetchThrough(getDefaultAgent, input, init);
}

/**
 * Makes a fetch function that goes through an agent of its own.
 *
 * @param agent a dispatcher (an Http3Agent, or one composed of it), or the options of a new Http3Agent
 * @throws InvalidArgumentError for options that cannot be used
 */
export function createFetch(agent: AnyDispatcher | Http3AgentOptions): BoundFetch {
  if (typeof agent !== 'object' || agent === null) {
    throw new InvalidArgumentError('agent: must be a dispatcher or the options of an Http3Agent');
  }
  const dispatcher = isDispatcher(agent) ? (agent as Dispatcher) : makeAgent(agent);
  const bound = async (input: FetchInput, init?: FetchInit): Promise<FetchResponse> =>
    fetchThrough(() => dispatcher, input, init);
  return Object.assign(bound, { agent: dispatcher });
}

/** Whether it is an agent rather than the options of one. */
export function isDispatcher(agent: AnyDispatcher | Http3AgentOptions): agent is AnyDispatcher {
  return 'dispatch' in agent && typeof agent.dispatch === 'function';
}

async function fetchThrough(
  agent: () => Dispatcher,
  input: FetchInput,
  init: FetchInit | undefined,
): Promise<FetchResponse> {
  // undici refuses what is no dictionary, in the standard's words.
  if (init !== undefined && init !== null && typeof init !== 'object') {
    return undiciFetch(input as string, init) as Promise<FetchResponse>;
  }
  const given = init?.dispatcher as Dispatcher | undefined;
  const args = requestArguments(input, init);
  const observer = new ConnectionObserver(given ?? agent());
  // Of a dispatcher, fetch needs `dispatch` alone.
  const response = await undiciFetch(args.input, { ...args.init, dispatcher: observer as unknown as Dispatcher });
  observer.attachTo(response);
  return response as FetchResponse;
}
