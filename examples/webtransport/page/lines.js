// One text message a line, for streams: the same module in browsers and in Node.
const encoder = new TextEncoder();

/** Longest line that is read, in characters: who sends more than that without an end is no friend. */
const MAX_LINE = 4096;

/**
 * @param {unknown} message what JSON can say
 * @returns {Uint8Array}
 */
export const toLine = (message) => encoder.encode(`${JSON.stringify(message)}\n`);

/**
 * The messages of a stream, as they come.
 *
 * @param {AsyncIterable<Uint8Array>} readable
 * @throws {Error} if a line is too long, or is no JSON
 */
export async function* fromLines(readable) {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of readable) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if ([rest, ...lines].some(({ length }) => length > MAX_LINE)) throw new Error('A line is too long');
    for (const line of lines) yield JSON.parse(line);
  }
}
