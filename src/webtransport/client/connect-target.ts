import type { RequestHead } from '../../stream/transaction.js';
import type { WebTransportVersion } from '../../stream/webtransport/versions.js';
import { DRAFT_02_REQUEST_FIELD, SUBPROTOCOLS_OFFERED_FIELD } from '../../stream/webtransport/versions.js';
import { serializeProtocol } from '../subprotocol-fields.js';

/** What a session is asked for with. */
export interface ConnectTarget {
  readonly authority: string;
  /** With its query. */
  readonly path: string;
  /** The page's origin where there is one, as in other environments than Node's main thread. */
  readonly origin: string | undefined;
  /** In order of preference. */
  readonly protocols: readonly string[];
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The extended CONNECT request (RFC 9220, draft-ietf-webtrans-http3 3.2), as the version wants it. */
export function connectHead(target: ConnectTarget, version: WebTransportVersion): RequestHead {
  const { authority, path, origin, protocols, headers } = target;
  // neqo puts these after its own pseudo-header fields.
  const fields = [':protocol', version.protocol, ...DRAFT_02_REQUEST_FIELD];
  if (origin !== undefined && !headers.some(([name]) => name === 'origin')) fields.push('origin', origin);
  if (protocols.length > 0) fields.push(SUBPROTOCOLS_OFFERED_FIELD, protocols.map(serializeProtocol).join(', '));
  for (const [name, value] of headers) fields.push(name, value);
  return { method: 'CONNECT', scheme: 'https', authority, path, headers: fields };
}
