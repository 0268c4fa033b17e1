import { InvalidArgumentError } from '../../errors.js';

/** draft-ietf-webtrans-http3-16 4.8. */
export const EXPORTER_LABEL = 'EXPORTER-WebTransport';
/** Label and context each have one byte for their length. */
const MAX_PART_BYTES = 255;

/**
 * The context that makes exported keys those of one session (draft-ietf-webtrans-http3-16 4.8): its id in 8 bytes, then
 * the application's label and context, each after its length in one byte.
 *
 * @throws InvalidArgumentError if one of the two is longer than 255 bytes
 */
export function exporterContext(sessionId: number, label: Uint8Array, context: Uint8Array): Uint8Array {
  if (label.byteLength > MAX_PART_BYTES) throw new InvalidArgumentError('The label is longer than 255 bytes');
  if (context.byteLength > MAX_PART_BYTES) throw new InvalidArgumentError('The context is longer than 255 bytes');
  const id = Buffer.alloc(8);
  id.writeBigUInt64BE(BigInt(sessionId));
  return Buffer.concat([id, Buffer.of(label.byteLength), label, Buffer.of(context.byteLength), context]);
}
