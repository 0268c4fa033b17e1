import { describe, expect, it } from 'vitest';
import { RateLimiter } from '../../src/cli/rate-limiter.js';

describe('--limit-rate', () => {
  it('passes all bytes on in order, in pieces of a tenth of a second', async () => {
    const body = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 251));
    const pieces: Uint8Array[] = [];
    const limiter = new RateLimiter(100_000, new AbortController().signal);
    for await (const piece of limiter.pace([body.subarray(0, 1_000), body.subarray(1_000)])) pieces.push(piece);
    expect(Buffer.concat(pieces)).toEqual(body);
    const first = await new RateLimiter(10_000, new AbortController().signal).pace([body]).next();
    expect(first.value).toEqual(body.subarray(0, 1_000));
  });

  it('asks its source for more only when it may pass it on', async () => {
    let asked = 0;
    function* source(): Generator<Uint8Array> {
      for (;;) {
        asked += 1;
        yield Buffer.alloc(256);
      }
    }
    const abort = new AbortController();
    const paced = new RateLimiter(1, abort.signal).pace(source());
    await paced.next();
    const next = paced.next();
    expect(asked).toBe(1);
    abort.abort();
    await expect(next).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});
