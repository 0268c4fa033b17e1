import { H3_ERROR, WebTransportSessionError } from '../../errors.js';
import { decodeVarint, encodeVarint, varintLength } from './varint.js';

/** Capsule types (RFC 9297 5.4; draft-ietf-webtrans-http3-16 5 and 6; draft-ietf-webtrans-http2 for the last two). */
const CapsuleType = {
  DATAGRAM: 0x00,
  CLOSE: 0x2843,
  DRAIN: 0x78ae,
  MAX_STREAM_DATA: 0x190b4d3e,
  STREAM_DATA_BLOCKED: 0x190b4d42,
} as const;

/** Capsule types of flow control (draft-ietf-webtrans-http3-15 5.6): the payload is one variable-length integer, a limit. */
export const FlowCapsule = {
  MAX_DATA: 0x190b4d3d,
  MAX_STREAMS_BIDIRECTIONAL: 0x190b4d3f,
  MAX_STREAMS_UNIDIRECTIONAL: 0x190b4d40,
  DATA_BLOCKED: 0x190b4d41,
  STREAMS_BLOCKED_BIDIRECTIONAL: 0x190b4d43,
  STREAMS_BLOCKED_UNIDIRECTIONAL: 0x190b4d44,
} as const;
export type FlowCapsule = (typeof FlowCapsule)[keyof typeof FlowCapsule];

const flowCapsules: ReadonlyMap<number, FlowCapsule> = new Map(Object.values(FlowCapsule).map((type) => [type, type]));

const MAX_VARINT_BYTES = 8;
const CLOSE_CODE_BYTES = 4;
/** UTF-8 (draft-ietf-webtrans-http3-16 6). */
export const MAX_CLOSE_REASON_BYTES = 1024;
/** What a UDP packet could carry; larger ones are dropped, as datagrams may be. */
const MAX_DATAGRAM_BYTES = 0xffff;

/** Told of the capsules that this end understands. */
export interface CapsuleHandler {
  /** CLOSE. Nothing may come after it. */
  onClose(code: number, reason: string): void;
  onDrain(): void;
  /** A datagram that came on the CONNECT stream (RFC 9297 3.5). @param bytes the receiver's own */
  onDatagram(bytes: Buffer): void;
  /** Flow control is on; its capsules are skipped otherwise (draft 15, 5.1). */
  readonly flowControlled: boolean;
  onFlowControl(type: FlowCapsule, value: number): void;
}

/**
 * Parses the capsules of a CONNECT stream (RFC 9297 3.2) as they come, in pieces of any size.
 *
 * It holds at most one capsule that it understands. Others are skipped, however long, such as those of later drafts.
 */
export class CapsuleParser {
  readonly #handler: CapsuleHandler;
  /** The type and length of a capsule, as far as they are here: two variable-length integers. */
  readonly #head = Buffer.alloc(16);
  #headBytes = 0;
  #type = 0;
  /** Bytes of the payload that are still to come; undefined while the head is not complete. */
  #left: number | undefined;
  /** The payload, if the capsule is one to be understood. */
  #payload: Buffer | undefined;
  #filled = 0;
  #closed = false;

  constructor(handler: CapsuleHandler) {
    this.#handler = handler;
  }

  /** @throws WebTransportSessionError with the code to reset the CONNECT stream with, if the bytes are malformed */
  push(bytes: Uint8Array): void {
    let offset = 0;
    while (offset < bytes.byteLength) {
      if (this.#closed) throw malformed('bytes after the CLOSE capsule');
      if (this.#left === undefined) {
        this.#head[this.#headBytes] = bytes[offset] ?? 0;
        this.#headBytes += 1;
        offset += 1;
        this.#parseHead();
      } else {
        const taken = Math.min(this.#left, bytes.byteLength - offset);
        this.#payload?.set(bytes.subarray(offset, offset + taken), this.#filled);
        this.#filled += taken;
        this.#left -= taken;
        offset += taken;
        if (this.#left === 0) this.#complete();
      }
    }
  }

  /** The stream's end. @throws WebTransportSessionError if it is inside a capsule */
  end(): void {
    if (this.#headBytes > 0) throw malformed('the stream ends inside a capsule');
  }

  #parseHead(): void {
    const typeBytes = varintLength(this.#head[0] ?? 0);
    if (this.#headBytes <= typeBytes) return;
    if (this.#headBytes < typeBytes + varintLength(this.#head[typeBytes] ?? 0)) return;
    this.#type = decodeVarint(this.#head);
    const length = decodeVarint(this.#head.subarray(typeBytes));
    this.#left = length;
    this.#filled = 0;
    this.#payload = isUnderstood(this.#type, length, this.#handler.flowControlled) ? Buffer.alloc(length) : undefined;
    if (length === 0) this.#complete();
  }

  #complete(): void {
    const payload = this.#payload;
    this.#payload = undefined;
    this.#left = undefined;
    this.#headBytes = 0;
    if (payload === undefined) return;
    const flowCapsule = flowCapsules.get(this.#type);
    if (flowCapsule !== undefined) this.#handler.onFlowControl(flowCapsule, decodeLimit(payload));
    else if (this.#type === CapsuleType.CLOSE) {
      const reason = decodeReason(payload.subarray(CLOSE_CODE_BYTES));
      this.#closed = true;
      this.#handler.onClose(payload.readUInt32BE(0), reason);
    } else if (this.#type === CapsuleType.DRAIN) this.#handler.onDrain();
    else this.#handler.onDatagram(payload);
  }
}

/** Whether the payload is to be collected. @throws WebTransportSessionError if there can be no such capsule */
function isUnderstood(type: number, length: number, flowControlled: boolean): boolean {
  switch (type) {
    case CapsuleType.DATAGRAM:
      return length <= MAX_DATAGRAM_BYTES;
    case CapsuleType.CLOSE:
      if (length < CLOSE_CODE_BYTES) throw malformed('a CLOSE capsule without a code');
      if (length > CLOSE_CODE_BYTES + MAX_CLOSE_REASON_BYTES) throw malformed('a reason of more than 1024 bytes');
      return true;
    case CapsuleType.DRAIN:
      if (length > 0) throw malformed('a DRAIN capsule that is not empty');
      return true;
    case CapsuleType.MAX_STREAM_DATA:
    case CapsuleType.STREAM_DATA_BLOCKED:
      throw malformed('a capsule that only HTTP/2 has');
    default:
      if (!flowControlled || !flowCapsules.has(type)) return false;
      if (length === 0 || length > MAX_VARINT_BYTES) throw malformed('a limit that is no integer');
      return true;
  }
}

function decodeLimit(payload: Uint8Array): number {
  if (varintLength(payload[0] ?? 0) !== payload.byteLength) throw malformed('a limit that is no integer');
  return decodeVarint(payload);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeReason(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw malformed('a reason that is not UTF-8');
  }
}

function malformed(what: string): WebTransportSessionError {
  return new WebTransportSessionError('ERR_WEBTRANSPORT_PROTOCOL', `The peer broke the capsule protocol: ${what}`, {
    errorCode: H3_ERROR.H3_MESSAGE_ERROR,
    errorName: 'H3_MESSAGE_ERROR',
  });
}

/** @param code 0 to 2^32 - 1. @param reason cut at a character boundary to at most 1024 bytes of UTF-8 */
export function encodeClose(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(CLOSE_CODE_BYTES + MAX_CLOSE_REASON_BYTES);
  payload.writeUInt32BE(code, 0);
  const { written } = new TextEncoder().encodeInto(reason, payload.subarray(CLOSE_CODE_BYTES));
  return encodeCapsule(CapsuleType.CLOSE, payload.subarray(0, CLOSE_CODE_BYTES + written));
}

export function encodeDrain(): Buffer {
  return encodeCapsule(CapsuleType.DRAIN, Buffer.alloc(0));
}

/** @param value bytes, or streams: 0 to 2^53 - 1 */
export function encodeFlowControl(type: FlowCapsule, value: number): Buffer {
  return encodeCapsule(type, encodeVarint(value));
}

function encodeCapsule(type: number, payload: Buffer): Buffer {
  return Buffer.concat([encodeVarint(type), encodeVarint(payload.byteLength), payload]);
}
