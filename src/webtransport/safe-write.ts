/**
 * A write to a stream that is closing has to reject with a TypeError (Streams 5.5.4). Node throws an assertion of its own
 * instead while the close is under way, and Node 20 after it as well.
 */
export function safeWrite(write: () => Promise<void>): Promise<undefined> {
  try {
    return write() as Promise<undefined>;
  } catch {
    return Promise.reject(new TypeError('The stream is closing or closed'));
  }
}
