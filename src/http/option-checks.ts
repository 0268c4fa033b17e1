/** Checks of options, the same for all fronts. Each throws an InvalidArgumentError that names the option. */
import { InvalidArgumentError } from '../errors.js';
import type { CongestionControl } from '../native.js';
import type { QuicOptions } from '../session/session-params.js';

/** setTimeout takes no more. */
export const MAX_TIME = 2 ** 31 - 1;

/** Whole milliseconds. */
export function time(name: string, value: number | undefined, fallback: number): number {
  return count(name, value, fallback, MAX_TIME);
}

/** Counts, which native code keeps in 31 bits. */
export const MAX_COUNT = 2 ** 31 - 1;

/** A whole number from `min` to `max`. */
export function count(name: string, value: number | undefined, fallback: number, max: number, min = 0): number {
  if (value === undefined) return fallback;
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new InvalidArgumentError(`${name}: must be a whole number from ${min} to ${max}, not ${String(value)}`);
  }
  return value;
}

export function flag(name: string, value: boolean | undefined, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') throw new InvalidArgumentError(`${name}: must be true or false`);
  return value;
}

/** An object of options. */
export function section<Options>(name: string, value: Options): Options {
  if (typeof value !== 'object' || value === null) throw new InvalidArgumentError(`${name}: must be an object`);
  return value;
}

const CONGESTION_CONTROLS: readonly CongestionControl[] = ['cubic', 'newreno'];
const BOOLEAN_QUIC_OPTIONS = ['pacing', 'pmtud', 'grease', 'sniSlicing', 'mlkem', 'versionNegotiation'] as const;
const NUMBER_QUIC_OPTIONS = [
  'maxData',
  'maxStreamData',
  'qpackMaxTableCapacity',
  'qpackBlockedStreams',
  'receiveBufferSize',
  'sendBufferSize',
  'ackRatio',
  'fastPto',
] as const;
/** Largest values that the wire or neqo's types can hold. */
const QUIC_LIMITS: Partial<Record<(typeof NUMBER_QUIC_OPTIONS)[number], number>> = {
  qpackMaxTableCapacity: 2 ** 30 - 1,
  qpackBlockedStreams: 65_535,
  receiveBufferSize: 2 ** 31 - 1,
  sendBufferSize: 2 ** 31 - 1,
  ackRatio: 255,
  fastPto: 255,
};
/** Smallest values where it is not 0. A PTO of no length would probe without end. */
const QUIC_LEAST: Partial<Record<(typeof NUMBER_QUIC_OPTIONS)[number], number>> = { fastPto: 1 };

/** The options with those of `defaults` that are not given. */
export function resolveQuicOptions(options: QuicOptions, defaults: Required<QuicOptions>): Required<QuicOptions> {
  const resolved: { -readonly [Key in keyof QuicOptions]-?: Required<QuicOptions>[Key] } = { ...defaults };
  for (const name of BOOLEAN_QUIC_OPTIONS) resolved[name] = flag(`quic.${name}`, options[name], defaults[name]);
  for (const name of NUMBER_QUIC_OPTIONS) {
    const limit = QUIC_LIMITS[name] ?? Number.MAX_SAFE_INTEGER;
    resolved[name] = count(`quic.${name}`, options[name], defaults[name], limit, QUIC_LEAST[name]);
  }
  resolved.congestionControl = options.congestionControl ?? defaults.congestionControl;
  if (!CONGESTION_CONTROLS.includes(resolved.congestionControl)) {
    throw new InvalidArgumentError(`quic.congestionControl: must be one of ${CONGESTION_CONTROLS.join(', ')}`);
  }
  return resolved;
}
