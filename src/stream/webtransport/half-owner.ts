import type { Contained } from './containment.js';
import type { SessionFlowControl } from './session-flow-control.js';

/** What one half of a stream needs of the stream. */
export interface HalfOwner extends Contained {
  /** Of the session; undefined if it has none. */
  readonly flow: SessionFlowControl | undefined;
  halfOver(): void;
}
