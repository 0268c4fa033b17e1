import { Agent, type Dispatcher } from 'undici';
import { InvalidArgumentError } from '../../errors.js';
import type { Http3AgentOptions } from '../dispatcher/agent-options.js';
import type { AnyDispatcher } from '../dispatcher/typed-dispatcher.js';
import { makeAgent } from './default-agent.js';
import { isDispatcher } from './fetch.js';

/** The agent under the built-in fetch, until `uninstall`. */
export interface Installation {
  /** What was installed. */
  readonly agent: Dispatcher;
  /**
   * Puts back what was there before, where the agent is still in place; what was set by others meanwhile stays. Installations may be
   * undone in any order. An agent that {@link install} made is then closed: requests under way finish. Idempotent.
   */
  uninstall(): void;
  [Symbol.dispose](): void;
}

/**
 * Where undici's copies look for their global dispatcher: undici 7 and the built-in fetch of Node 20, 22 and 24 under the first, undici 8
 * and that of Node 26 under the second. undici 8 would write a wrapper for legacy handlers under the first; an Http3Agent takes both
 * generations of handlers, so it goes under both as it is.
 */
const GLOBAL_DISPATCHERS = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')] as const;

/** One symbol's part in an installation. */
interface Place {
  readonly symbol: symbol;
  readonly agent: Dispatcher;
  /** What `uninstall` puts back; undefined if there was nothing. */
  previous: unknown;
}

/** Of all installations that are in force, oldest first. */
const places: Place[] = [];

/**
 * Puts an agent under the built-in `fetch` (Node 20 to 26), and under `fetch`, `request`, `stream` and `pipeline` of undici 7 and 8,
 * whether they are loaded before or after. Calls that name a `dispatcher` of their own keep it.
 *
 * @param agent an Http3Agent or any dispatcher, or the options of a new Http3Agent. Default: a new one with default options. With
 *   `NODE_USE_ENV_PROXY=1` and a proxy in the environment, a new one goes through that proxy, over TCP
 * @throws InvalidArgumentError for options that cannot be used
 * @throws TypeError if `globalThis` is frozen
 */
export function install(agent: AnyDispatcher | Http3AgentOptions = {}): Installation {
  if (typeof agent !== 'object' || agent === null) {
    throw new InvalidArgumentError('agent: must be a dispatcher or the options of an Http3Agent');
  }
  const own = !isDispatcher(agent);
  const dispatcher = own ? makeAgent(agent) : (agent as Dispatcher);
  const installed = GLOBAL_DISPATCHERS.map((symbol) => put(symbol, dispatcher));
  let inForce = true;
  const uninstall = (): void => {
    if (!inForce) return;
    inForce = false;
    const removed = installed.map(takeAway);
    // Whoever still has it, as one who composed another dispatcher of it, still needs it.
    if (own && removed.every(Boolean)) dispatcher.close().catch(() => undefined); // its user may have destroyed it
  };
  return { agent: dispatcher, uninstall, [Symbol.dispose]: uninstall };
}

function put(symbol: symbol, agent: Dispatcher): Place {
  const place: Place = { symbol, agent, previous: Reflect.get(globalThis, symbol) };
  setGlobal(symbol, agent);
  places.push(place);
  return place;
}

/** @returns whether the agent is no more in use there */
function takeAway(place: Place): boolean {
  const index = places.indexOf(place);
  places.splice(index, 1);
  // A later installation that was put upon this one would bring it back.
  const above = places.slice(index).find(({ symbol, previous }) => symbol === place.symbol && previous === place.agent);
  if (above !== undefined) {
    above.previous = place.previous;
    return true;
  }
  if (Reflect.get(globalThis, place.symbol) !== place.agent) return false;
  // A copy of undici that was loaded meanwhile has not made an agent of its own, and cannot do without one.
  setGlobal(place.symbol, place.previous ?? new Agent());
  return true;
}

/** As undici defines it, so that its own copies can set it again. */
function setGlobal(symbol: symbol, value: unknown): void {
  Object.defineProperty(globalThis, symbol, { value, writable: true, enumerable: false, configurable: false });
}
