import { createHash } from 'node:crypto';

/** The scripted servers' generated bodies repeat 0 to 250: 251 is prime, so that a shifted block shows. */
const PERIOD = 251;

/** The first bytes of the pattern that `/bytes?length=N` of aioquic's and Go's server answers with. */
export function patternBytes(length: number): Buffer {
  return Buffer.alloc(length, Buffer.from(Array.from({ length: PERIOD }, (_, value) => value)));
}

/** Size and SHA-256 (in hex) of {@link patternBytes}, as the settlement of a request has them. */
export function patternDigest(length: number): { readonly bytes: number; readonly sha256: string } {
  return { bytes: length, sha256: createHash('sha256').update(patternBytes(length)).digest('hex') };
}
