import type { ConnectionOptions } from '../http/connection-options.js';
import type { CertificateHash, CheckedOptions } from './connector.js';
import type { WebTransportCongestionControl, WebTransportDatagramsReadableType } from './dictionaries.js';
import { toBytes, toDictionary, toDomString, toEnum, toSequence, toUnsignedInRange } from './webidl.js';

const CONGESTION_CONTROLS: readonly WebTransportCongestionControl[] = ['default', 'throughput', 'low-latency'];
const READABLE_TYPES: readonly WebTransportDatagramsReadableType[] = ['bytes', 'default'];
const MAX_UNSIGNED_SHORT = 0xffff;

/** Longest name in `protocols`, in bytes. */
const MAX_PROTOCOL_LENGTH = 512;

/** What a string of structured fields can hold (RFC 9651 3.3.3). */
const PROTOCOL = /^[\x20-\x7e]+$/;

/** The API's own, which an application cannot set. */
const AVAILABLE_PROTOCOLS_HEADER = 'wt-available-protocols';

/** Header names that a request of a script cannot set are dropped without a word (Fetch 2.2.2, "request" guard). */
const FORBIDDEN_HEADERS = new Set([
  'accept-charset',
  'accept-encoding',
  'access-control-request-headers',
  'access-control-request-method',
  'connection',
  'content-length',
  'date',
  'dnt',
  'expect',
  'host',
  'keep-alive',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
]);

/** @throws SyntaxError (DOMException) for what is no https URL, or has a fragment */
export function toTransportUrl(value: unknown): URL {
  const text = toDomString(value, 'url');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new DOMException(`'${text}' is not a URL`, 'SyntaxError');
  if (url.protocol !== 'https:') throw new DOMException(`The scheme of '${text}' is not https`, 'SyntaxError');
  // An empty fragment is one, too, and `hash` does not tell.
  if (url.href.includes('#')) throw new DOMException(`'${text}' has a fragment`, 'SyntaxError');
  return url;
}

/**
 * `WebTransportOptions` with every default.
 *
 * @throws TypeError for a wrong type or a header that cannot be sent
 * @throws NotSupportedError (DOMException) for `serverCertificateHashes` with `allowPooling`
 * @throws SyntaxError (DOMException) for names in `protocols` that are empty, too long, not ASCII or there twice
 */
export function toTransportOptions(value: unknown): CheckedOptions {
  const options = toDictionary(value, 'options');
  const allowPooling = Boolean(options.allowPooling);
  const serverCertificateHashes = present(options.serverCertificateHashes, [], (hashes) =>
    toSequence(hashes, toHash, 'serverCertificateHashes'),
  );
  if (allowPooling && serverCertificateHashes.length > 0) {
    throw new DOMException('serverCertificateHashes need a connection of their own', 'NotSupportedError');
  }
  return {
    allowPooling,
    serverCertificateHashes,
    requireUnreliable: Boolean(options.requireUnreliable),
    congestionControl: present(options.congestionControl, 'default', (control) =>
      toEnum(control, CONGESTION_CONTROLS, 'congestionControl'),
    ),
    anticipatedConcurrentIncomingUnidirectionalStreams: toAnticipated(
      options.anticipatedConcurrentIncomingUnidirectionalStreams,
    ),
    anticipatedConcurrentIncomingBidirectionalStreams: toAnticipated(
      options.anticipatedConcurrentIncomingBidirectionalStreams,
    ),
    protocols: present(options.protocols, [], toProtocols),
    headers: present(options.headers, [], toHeaders),
    datagramsReadableType: present(options.datagramsReadableType, 'bytes', (type) =>
      toEnum(type, READABLE_TYPES, 'datagramsReadableType'),
    ),
    connection: toDictionary(options.connection, 'connection') as ConnectionOptions,
  };
}

/** `[EnforceRange] unsigned short?`. */
export function toAnticipated(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  return toUnsignedInRange(value, MAX_UNSIGNED_SHORT, 'The number of anticipated streams');
}

function present<T>(value: unknown, absent: T, convert: (value: unknown) => T): T {
  return value === undefined ? absent : convert(value);
}

function toHash(value: unknown): CertificateHash {
  const { algorithm, value: digest } = toDictionary(value, 'WebTransportHash');
  if (algorithm === undefined) throw new TypeError('WebTransportHash: algorithm is required');
  if (digest === undefined) throw new TypeError('WebTransportHash: value is required');
  return { algorithm: toDomString(algorithm, 'algorithm'), value: toBytes(digest, 'value').slice() };
}

function toProtocols(value: unknown): string[] {
  const protocols = toSequence(value, (protocol) => toDomString(protocol, 'protocol'), 'protocols');
  for (const protocol of protocols) {
    if (!PROTOCOL.test(protocol) || protocol.length > MAX_PROTOCOL_LENGTH) {
      throw new DOMException(`'${protocol}' cannot be the name of a protocol`, 'SyntaxError');
    }
  }
  if (new Set(protocols).size < protocols.length) {
    throw new DOMException('A name is there twice in protocols', 'SyntaxError');
  }
  return protocols;
}

function toHeaders(value: unknown): [string, string][] {
  const headers = [...new Headers(value as ConstructorParameters<typeof Headers>[0])];
  if (headers.some(([name]) => name === AVAILABLE_PROTOCOLS_HEADER)) {
    throw new TypeError(`The header ${AVAILABLE_PROTOCOLS_HEADER} is set by the option protocols`);
  }
  return headers.filter(([name]) => !FORBIDDEN_HEADERS.has(name));
}
