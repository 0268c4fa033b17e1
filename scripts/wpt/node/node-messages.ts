/** What the process that runs a test file and its parent say to each other. */

import type { RawStatus } from '../results.js';
import type { SiteOptions } from '../site.js';
import type { TestFile } from '../test-files.js';

/** The first message to the child. */
export interface NodeOrders {
  readonly site: SiteOptions;
  readonly test: TestFile;
  /** File URL of the module whose exports are the WebTransport interfaces. */
  readonly module: string;
  /** The file gets this long; what has no result by then has timed out. */
  readonly timeoutMs: number;
}

export type NodeReport =
  | { readonly kind: 'subtest'; readonly subtest: RawStatus }
  | { readonly kind: 'complete'; readonly tests: readonly RawStatus[]; readonly status: RawStatus };
