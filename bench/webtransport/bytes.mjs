/** Bytes through streams: they are made from one block, counted and thrown away. */

/** @typedef {import('./library.mjs').Readable} Readable */
/** @typedef {import('./library.mjs').Writable} Writable */

const BLOCK = new Uint8Array(64 * 1024).fill(0x6e);

/**
 * Writes so many bytes and ends the stream.
 *
 * @param {Writable} writable
 * @param {number} bytes
 */
export async function writeBytes(writable, bytes) {
  const writer = writable.getWriter();
  for (let left = bytes; left > 0; left -= BLOCK.length) {
    await writer.ready;
    void writer.write(left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK);
  }
  await writer.close();
}

/**
 * @param {Readable} readable
 * @returns {Promise<number>} how many bytes came before the end
 */
export async function countBytes(readable) {
  const reader = readable.getReader();
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes += value.length;
  }
}

/**
 * @param {Readable} readable
 * @returns {Promise<string>} all of it
 */
export async function readText(readable) {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of readable) text += decoder.decode(chunk, { stream: true });
  return text;
}

/**
 * Writes a short text and ends the stream.
 *
 * @param {Writable} writable
 * @param {string} text
 */
export async function writeText(writable, text) {
  const writer = writable.getWriter();
  void writer.write(new TextEncoder().encode(text));
  await writer.close();
}
