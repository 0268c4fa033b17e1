import { type HttpsRecord, type HttpsRecordResolver, isUsable } from '../../http/https-record.js';
import { isIpLiteral, type Origin } from '../../http/origin.js';

/** Where HTTPS records say that HTTP/3 of an origin is. */
export interface HttpsService {
  readonly host: string;
  readonly port: number;
  readonly echConfigList: Uint8Array | undefined;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** Aliases that are followed (RFC 9460 2.4.2 wants a bound). */
const MAX_ALIASES = 8;
/** Records of an answer that are looked at. */
const MAX_RECORDS = 32;
/** Seconds for a record whose resolver does not say. */
const DEFAULT_TTL = 300;
/** Seconds; a longer life means as much (RFC 8767 4). */
const MAX_TTL = 7 * 86_400;
const HTTPS_PORT = 443;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[\w-]*)(?:\.[a-z0-9_][\w-]*)*$/i;

/**
 * Asks for the HTTPS records of an origin, and follows aliases.
 *
 * @returns those with HTTP/3, in the order of their priority (RFC 9460 2.4.1)
 * @throws what the resolver throws
 */
export async function findHttpsServices(
  origin: Origin,
  resolve: HttpsRecordResolver,
  signal: AbortSignal,
): Promise<readonly HttpsService[]> {
  // An address has no name to ask for.
  if (isIpLiteral(origin.host)) return [];
  const { port } = origin;
  // RFC 9460 9.1: other ports have names of their own.
  let name = port === HTTPS_PORT ? origin.host : `_${port}._https.${origin.host}`;
  let ttl = MAX_TTL;
  for (let aliases = 0; aliases <= MAX_ALIASES; aliases += 1) {
    const records = [...(await resolve(name, { port, signal }))].slice(0, MAX_RECORDS);
    for (const record of records) ttl = Math.min(ttl, lifetime(record));
    // With an alias among them, the others mean nothing (RFC 9460 2.4.1).
    const alias = records.find(({ priority }) => priority === 0);
    if (alias === undefined) {
      const owner = name;
      const expires = Date.now() + ttl * 1_000;
      return records
        .filter((record) => isUsable(record) && record.alpn?.includes('h3') === true)
        .sort((left, right) => left.priority - right.priority)
        .map((record) => serviceOf(record, owner, port, expires))
        .filter(({ host, port: at }) => HOST_NAME.test(host) && Number.isInteger(at) && at > 0 && at < 65_536);
    }
    name = withoutDot(alias.target);
    // An alias of the root: the service does not exist (RFC 9460 2.5.1); the client goes on without records.
    if (!HOST_NAME.test(name)) return [];
  }
  return [];
}

function serviceOf(record: HttpsRecord, owner: string, port: number, expires: number): HttpsService {
  const target = withoutDot(record.target);
  return {
    host: (target === '' ? owner : target).toLowerCase(),
    port: record.port ?? port,
    echConfigList: record.ech !== undefined && record.ech.length > 0 ? record.ech : undefined,
    expires,
  };
}

function lifetime({ ttl = DEFAULT_TTL }: HttpsRecord): number {
  return Number.isFinite(ttl) && ttl >= 0 ? ttl : 0;
}

function withoutDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
