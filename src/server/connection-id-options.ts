import { InvalidArgumentError } from '../errors.js';
import { count } from '../http/option-checks.js';

/** How connection ids are made, for load balancers that route by them (draft-ietf-quic-load-balancers 3, plaintext). */
export interface ConnectionIdOptions {
  /** 1 to 9 bytes (7 with `sharedPort`), as bytes or in hex: what the load balancer knows this machine by. */
  readonly serverId: Uint8Array | string;
  /** Config rotation codepoint, 0 to 6. Default 0. */
  readonly configRotation?: number;
}

/** What all connection ids of a server have in common. */
export interface ConnectionIdLayout {
  /** First octet and server id; with a shared port, the process's id as its last {@link PROCESS_ID_BYTES}. */
  readonly connectionIdPrefix: Uint8Array;
  /** Bytes of a whole id. */
  readonly connectionIdLength: number;
}

/** Of the id of a process that shares its port. */
export const PROCESS_ID_BYTES = 2;

/** The first octet has the config rotation in its top bits. */
const CONFIG_ROTATION_SHIFT = 5;
const MAX_CONFIG_ROTATION = 6;
/** Codepoint of ids that a load balancer cannot route by (draft-ietf-quic-load-balancers 3.1). */
const UNROUTABLE = 7;
/** The engine's: a stateless reset token is derived from an id in one block. */
const MAX_ID_BYTES = 16;
/** Random bytes of an id: as many as this where there is room for them, and no fewer than that. */
const NONCE_BYTES = 8;
const MIN_NONCE_BYTES = 6;

/**
 * @param processId of a process that shares its port
 * @throws InvalidArgumentError that names the option
 */
export function resolveConnectionIds(
  options: ConnectionIdOptions | undefined,
  processId: number | undefined,
): ConnectionIdLayout {
  const process = processId === undefined ? [] : [processId >>> 8, processId & 0xff];
  const maxServerId = MAX_ID_BYTES - 1 - process.length - MIN_NONCE_BYTES;
  const connectionIdPrefix = Uint8Array.of(...resolveRoute(options, maxServerId), ...process);
  const connectionIdLength = Math.min(connectionIdPrefix.length + NONCE_BYTES, MAX_ID_BYTES);
  return { connectionIdPrefix, connectionIdLength };
}

/** First octet and server id. */
function resolveRoute(options: ConnectionIdOptions | undefined, maxServerId: number): readonly number[] {
  if (options === undefined) return [UNROUTABLE << CONFIG_ROTATION_SHIFT];
  const rotation = count('connectionId.configRotation', options.configRotation, 0, MAX_CONFIG_ROTATION);
  const { serverId } = options;
  if (typeof serverId === 'string' && !/^(?:[0-9a-f]{2})+$/i.test(serverId)) {
    throw new InvalidArgumentError('connectionId.serverId: must be bytes, or text in hex');
  }
  const id = typeof serverId === 'string' ? Buffer.from(serverId, 'hex') : serverId;
  if (!(id instanceof Uint8Array) || id.length === 0 || id.length > maxServerId) {
    throw new InvalidArgumentError(`connectionId.serverId: must have 1 to ${maxServerId} bytes`);
  }
  return [rotation << CONFIG_ROTATION_SHIFT, ...id];
}
