/** The first byte of each stream: what the other side is to do with the rest. */
export const Wish = {
  /** Leave it until it is told to read it. */
  HOLD: 0,
  /** Send it back. */
  ECHO: 1,
  /** Read it at once, and say when how much of it came. The byte after this one names the stream. */
  RACE: 2,
} as const;
