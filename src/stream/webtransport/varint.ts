/** QUIC's variable-length integers (RFC 9000 16). Values above 2^53 are rounded: none that is understood is that large. */

/** Bytes of the integer that begins with this byte: 1, 2, 4 or 8. */
export function varintLength(firstByte: number): number {
  return 1 << (firstByte >> 6);
}

/** The integer at the beginning of `bytes`, which holds all of it. */
export function decodeVarint(bytes: Uint8Array): number {
  const length = varintLength(bytes[0] ?? 0);
  let value = (bytes[0] ?? 0) & 0x3f;
  for (let i = 1; i < length; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}

/** @param value integer, 0 to 2^53 - 1 */
export function encodeVarint(value: number): Buffer {
  if (value < 0x40) return Buffer.of(value);
  if (value < 0x4000) return Buffer.of(0x40 | (value >> 8), value & 0xff);
  const bytes = Buffer.alloc(value < 0x4000_0000 ? 4 : 8);
  bytes.writeUInt32BE(value % 0x1_0000_0000, bytes.length - 4);
  if (bytes.length === 8) bytes.writeUInt32BE(Math.floor(value / 0x1_0000_0000), 0);
  bytes[0] = (bytes[0] ?? 0) | (bytes.length === 4 ? 0x80 : 0xc0);
  return bytes;
}
