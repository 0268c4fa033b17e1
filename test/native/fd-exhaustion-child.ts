/** Uses up the descriptors of a process that may have few. */
import { loadServerAddon, type UdpBindOptions } from '../../src/native-server.js';
import { report, scenarioInput } from '../support/scenario.js';

type Usage = ReturnType<ReturnType<typeof loadServerAddon>['fdUsage']>;

export interface ExhaustionReport {
  readonly limitSet: number;
  readonly usageAtStart: Usage;
  /** Pairs made of the many asked for. */
  readonly pairs: number;
  readonly usageAtLimit: Usage;
  /** What socketPairs(1) returns when not even one can be made. */
  readonly resultAtLimit: Int32Array | number;
  /** What binding a UDP socket threw then. */
  readonly pollErrorAtLimit: unknown;
  /** Pairs made of one asked for, after a pair was closed. */
  readonly pairsAfterClose: number;
  readonly limitAboveHard: number;
}

const UDP: UdpBindOptions = { localAddress: '127.0.0.1', localPort: 0, ipv6Only: false, reusePort: false };
const { limit } = scenarioInput<{ readonly limit: number }>();
const addon = loadServerAddon();

/** @throws Error if not even one could be made */
function pairs(count: number): Int32Array {
  const fds = addon.socketPairs(count);
  if (typeof fds === 'number') throw new Error(`no pairs: ${fds}`);
  return fds;
}

/** Takes the descriptor that a pair does not fit into, if there is one, and then fails. */
function bindUntilFull(): unknown {
  try {
    for (;;) new addon.UdpPoll(UDP, () => undefined);
  } catch (error) {
    return { ...(error as object) };
  }
}

const limitSet = addon.setFdLimit(limit);
const usageAtStart = addon.fdUsage();
const made = pairs(limit);
const usageAtLimit = addon.fdUsage();
const resultAtLimit = addon.socketPairs(1);
const pollErrorAtLimit = bindUntilFull();
addon.closeFds(made.subarray(0, 2));
const pairsAfterClose = pairs(1).length / 2;
// Node needs descriptors to end in order.
const limitAboveHard = addon.setFdLimit(Number.MAX_SAFE_INTEGER);
const outcome: ExhaustionReport = {
  limitSet,
  usageAtStart,
  pairs: made.length / 2,
  usageAtLimit,
  resultAtLimit,
  pollErrorAtLimit,
  pairsAfterClose,
  limitAboveHard,
};
report(outcome);
