import { sendGroupState, toNullableSendGroup, type WebTransportSendGroup } from './send-group.js';
import type { SendGroupState } from './send-group-state.js';
import { toDictionary, toLongLong } from './webidl.js';

export interface WebTransportSendOptions {
  /** Of the same transport. Default null. */
  sendGroup?: WebTransportSendGroup | null;
  /** Higher is sent first, strictly, within a group (or among what has none); 64 bits of which a number holds 53. Default 0. */
  sendOrder?: number;
}

export interface WebTransportSendStreamOptions extends WebTransportSendOptions {
  /** Wait while the peer's limit of streams is reached; false rejects with QuotaExceededError. Default false. */
  waitUntilAvailable?: boolean;
}

/** Where something stands among all that a transport has to send: slots [[SendGroup]] and [[SendOrder]]. */
export interface SendPriority {
  readonly sendGroup: WebTransportSendGroup | null;
  readonly sendOrder: number;
}

export interface ConvertedStreamOptions extends SendPriority {
  readonly waitUntilAvailable: boolean;
}

export const DEFAULT_PRIORITY: SendPriority = { sendGroup: null, sendOrder: 0 };

/** `WebTransportSendOptions`. @throws TypeError also for a group of another transport */
export function toSendOptions(value: unknown, transport: object): SendPriority {
  const options = toDictionary(value, 'options');
  const sendGroup = toNullableSendGroup(options.sendGroup, 'sendGroup');
  const sendOrder = options.sendOrder === undefined ? 0 : toLongLong(options.sendOrder, 'sendOrder');
  if (!isOwnGroup(sendGroup, transport)) throw new TypeError('sendGroup is of another WebTransport');
  return { sendGroup, sendOrder };
}

/** `WebTransportSendStreamOptions`. @throws TypeError as above */
export function toStreamOptions(value: unknown, transport: object): ConvertedStreamOptions {
  const priority = toSendOptions(value, transport);
  const waitUntilAvailable = Boolean(toDictionary(value, 'options').waitUntilAvailable);
  return { ...priority, waitUntilAvailable };
}

/** For the attribute `sendGroup`. @throws TypeError, and InvalidStateError for a group of another transport */
export function toAssignedGroup(value: unknown, transport: object): WebTransportSendGroup | null {
  const group = toNullableSendGroup(value, 'sendGroup');
  if (!isOwnGroup(group, transport)) {
    throw new DOMException('sendGroup is of another WebTransport', 'InvalidStateError');
  }
  return group;
}

/** What is behind a group; undefined: none. */
export function groupState(group: WebTransportSendGroup | null): SendGroupState | undefined {
  return group === null ? undefined : sendGroupState(group);
}

/** The order as the session takes it: beyond 2^53 - 1 either way, all are one. */
export function engineOrder({ sendOrder }: SendPriority): number {
  return Math.min(Math.max(sendOrder, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function isOwnGroup(group: WebTransportSendGroup | null, transport: object): boolean {
  return group === null || sendGroupState(group).transport === transport;
}
