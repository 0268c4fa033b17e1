/** What an example needs around it, and what it must print. */
export interface Expectation {
  /** Statements that stand before the example: what its surroundings in the text have introduced. */
  readonly before?: string;
  readonly after?: string;
  readonly prints: RegExp;
}
