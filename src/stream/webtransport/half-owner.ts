import type { SessionFlowControl } from './session-flow-control.js';

/** What one half of a stream needs of the stream. */
export interface HalfOwner {
  /** Of the session; undefined if it has none. */
  readonly flow: SessionFlowControl | undefined;
  halfOver(): void;
}
