import { NativeError } from '../../errors.js';

/** What a step in a turn is for: a session, or what belongs to one. */
export interface Contained {
  /** The step threw: it ends. */
  failed(error: unknown): void;
}

/**
 * Takes a step. What it throws ends `owner`, and not the connection, which other sessions use.
 *
 * @throws NativeError all the same: the engine is of no more use to anybody
 */
export function contain(owner: Contained, step: () => void): void {
  try {
    step();
  } catch (error) {
    if (error instanceof NativeError) throw error;
    owner.failed(error);
  }
}
