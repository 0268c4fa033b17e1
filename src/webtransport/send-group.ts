import type { WebTransportSendStreamStats } from './dictionaries.js';
import type { SendGroupState } from './send-group-state.js';
import { defineInterface, forbidConstruction, INTERNAL } from './webidl.js';

let stateOf: (group: WebTransportSendGroup) => SendGroupState;

/** Streams whose `sendOrder` is compared with one another; groups share the connection evenly (W3C WebTransport 8). */
export class WebTransportSendGroup {
  readonly #state: SendGroupState;

  /** @internal */
  constructor(...parameters: [token: typeof INTERNAL, state: SendGroupState]) {
    forbidConstruction(parameters[0]);
    this.#state = parameters[1];
  }

  static {
    stateOf = (group) => group.#state;
  }

  /** Sums over the streams that are in the group, and those that have ended in it. */
  async getStats(): Promise<WebTransportSendStreamStats> {
    return await this.#state.stats();
  }
}
defineInterface(WebTransportSendGroup, 'WebTransportSendGroup');

export function createSendGroup(state: SendGroupState): WebTransportSendGroup {
  return new WebTransportSendGroup(INTERNAL, state);
}

export function sendGroupState(group: WebTransportSendGroup): SendGroupState {
  return stateOf(group);
}

/** `WebTransportSendGroup?` of Web IDL. @throws TypeError */
export function toNullableSendGroup(value: unknown, what: string): WebTransportSendGroup | null {
  if (value === null || value === undefined) return null;
  if (!(value instanceof WebTransportSendGroup)) throw new TypeError(`${what} is not a WebTransportSendGroup`);
  return value;
}
