import { InvalidArgumentError } from '../../errors.js';
import { count, section } from '../../http/option-checks.js';
import { parseOrigin } from '../../http/origin.js';

/** An origin that is known to have HTTP/3, and where if not at its own host and port. */
export type AlternativeHint =
  | string
  | URL
  | { readonly origin: string | URL; readonly host?: string; readonly port?: number };

export interface HintedPlace {
  readonly host: string;
  readonly port: number;
}

/**
 * @returns the places by origin, in the order of the hints
 * @throws InvalidArgumentError for a hint that is none
 */
export function resolveHints(hints: readonly AlternativeHint[]): ReadonlyMap<string, readonly HintedPlace[]> {
  if (!Array.isArray(hints)) throw new InvalidArgumentError('hints: must be a list');
  const places = new Map<string, HintedPlace[]>();
  for (const hint of hints as readonly AlternativeHint[]) {
    const { origin: href, host, port } = explicit(hint);
    const origin = parseOrigin(href);
    if (host !== undefined && (typeof host !== 'string' || host === '')) {
      throw new InvalidArgumentError('hints: host must be a name or an address');
    }
    const place = {
      host: (host ?? origin.host).replace(/^\[(.*)\]$/, '$1').toLowerCase(),
      port: count('hints: port', port, origin.port, 65_535, 1),
    };
    places.set(origin.href, [...(places.get(origin.href) ?? []), place]);
  }
  return places;
}

function explicit(hint: AlternativeHint): Exclude<AlternativeHint, string | URL> {
  return typeof hint === 'string' || hint instanceof URL ? { origin: hint } : section('hints', hint);
}
