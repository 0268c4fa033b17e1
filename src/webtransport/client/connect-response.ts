import { MessageError, WEBTRANSPORT_ERROR, WebTransportSessionError } from '../../errors.js';
import { isFieldValue, isToken } from '../../http/fields.js';
import type { WebTransportVersion } from '../../stream/webtransport/versions.js';
import { SUBPROTOCOL_CHOSEN_FIELD } from '../../stream/webtransport/versions.js';
import { parseProtocols } from '../subprotocol-fields.js';

/** A 2xx response to CONNECT. */
export interface Acceptance {
  /** Name, value, name, value …, without pseudo-header fields. */
  readonly headers: readonly string[];
  /** Of those offered. */
  readonly protocol: string | undefined;
}

const STATUS = /^[2-9][0-9]{2}$/;

/**
 * Reads the final response to CONNECT.
 *
 * @param section flat, as received
 * @throws WebTransportSessionError for every status but 2xx (redirects are not followed: W3C WebTransport 3.2), and for a
 * subprotocol that was not offered where the version makes that an error
 * @throws MessageError if there is no status, or a field that HTTP does not allow
 */
export function readConnectResponse(
  section: readonly string[],
  offered: readonly string[],
  version: WebTransportVersion,
): Acceptance {
  let status = '';
  const headers: string[] = [];
  const chosen: string[] = [];
  for (let index = 0; index < section.length; index += 2) {
    const name = section[index] ?? '';
    const value = section[index + 1] ?? '';
    if (name === ':status') status = value;
    if (name.startsWith(':')) continue;
    // RFC 9114 4.2 and 10.3. There is no Headers object for such a field.
    if (!isToken(name) || !isFieldValue(value)) throw new MessageError(`the field ${JSON.stringify(name)}`);
    headers.push(name, value);
    if (name === SUBPROTOCOL_CHOSEN_FIELD) chosen.push(value);
  }
  if (!STATUS.test(status)) throw new MessageError(`':status' is '${status}'`);
  if (!status.startsWith('2')) {
    throw new WebTransportSessionError(
      'ERR_WEBTRANSPORT_REJECTED',
      `The server rejected the session with status ${status}`,
    );
  }
  return { headers, protocol: chosenProtocol(chosen.join(', '), offered, version) };
}

/** A field that is no single String is ignored as a whole (draft-ietf-webtrans-http3 3.3). */
function chosenProtocol(
  value: string,
  offered: readonly string[],
  { strictSubprotocol }: WebTransportVersion,
): string | undefined {
  const [protocol, ...others] = parseProtocols(value);
  if (protocol === undefined || others.length > 0) return undefined;
  if (offered.includes(protocol)) return protocol;
  if (!strictSubprotocol) return undefined;
  throw new WebTransportSessionError(
    'ERR_WEBTRANSPORT_SUBPROTOCOL',
    `The server chose the protocol '${protocol}', which was not offered`,
    { errorCode: WEBTRANSPORT_ERROR.WT_ALPN_ERROR, errorName: 'WT_ALPN_ERROR' },
  );
}
