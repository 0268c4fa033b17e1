/** An HTTPS resource record (RFC 9460), as a resolver gives it. */
export interface HttpsRecord {
  /** 0: an alias of `target` (RFC 9460 2.4.2). Otherwise smaller values come first. */
  readonly priority: number;
  /** Name, with or without the dot at its end; `.` or empty is the name that was asked for. */
  readonly target: string;
  /** ALPN protocol ids, such as `h3`. */
  readonly alpn?: readonly string[];
  readonly noDefaultAlpn?: boolean;
  /** Default: the origin's. */
  readonly port?: number;
  /** ECHConfigList. */
  readonly ech?: Uint8Array;
  readonly ipv4hint?: readonly string[];
  readonly ipv6hint?: readonly string[];
  /** Numbers of the parameters without which the record must not be used (RFC 9460 8). */
  readonly mandatory?: readonly number[];
  /** Seconds for which the record may be remembered. Default 300. */
  readonly ttl?: number;
}

/**
 * Asks the DNS for HTTPS records.
 *
 * @param name to ask for, with the prefix for another port than 443 (`_8443._https.example.org`, RFC 9460 9.1)
 * @param context the origin's port; a signal that ends the query when nobody waits for it any more
 * @returns none if there are none; what it rejects with counts as none
 */
export type HttpsRecordResolver = (
  name: string,
  context: { readonly port: number; readonly signal: AbortSignal },
) => Promise<readonly HttpsRecord[]>;

/** SvcParamKeys (RFC 9460 14.3.2). */
export const SvcParamKey = {
  MANDATORY: 0,
  ALPN: 1,
  NO_DEFAULT_ALPN: 2,
  PORT: 3,
  IPV4HINT: 4,
  ECH: 5,
  IPV6HINT: 6,
} as const;

const LARGEST_KNOWN_KEY = SvcParamKey.IPV6HINT;
/** Of a domain name on the wire, in bytes (RFC 1035 3.1). */
const MAX_NAME_BYTES = 255;
const MAX_LABEL_BYTES = 63;
const IPV4_BYTES = 4;
const IPV6_BYTES = 16;

/** Whether everything is known that the record demands to be (RFC 9460 8). */
export function isUsable({ mandatory = [] }: HttpsRecord): boolean {
  return mandatory.every((key) => key >= 0 && key <= LARGEST_KNOWN_KEY);
}

/**
 * Reads the RDATA of an HTTPS record from the wire (RFC 9460 2.2), for resolvers that give the bytes of records.
 *
 * @throws SyntaxError if it is malformed; then no record of the same answer may be used (RFC 9460 2.2)
 */
export function parseHttpsRecordData(rdata: Uint8Array): HttpsRecord {
  const reader = new Reader(rdata);
  const priority = reader.uint16();
  const target = readName(reader);
  // The parameters of an alias are ignored (RFC 9460 2.4.2).
  if (priority === 0) return { priority, target };
  const values = new Map<number, Uint8Array>();
  let last = -1;
  while (!reader.atEnd) {
    const key = reader.uint16();
    if (key <= last) throw malformed('its parameters are not in order, or one is there twice');
    last = key;
    values.set(key, reader.bytes(reader.uint16()));
  }
  return { priority, target, ...readParameters(values) };
}

function readParameters(values: ReadonlyMap<number, Uint8Array>): Partial<HttpsRecord> {
  const parameters: { -readonly [Name in keyof HttpsRecord]?: HttpsRecord[Name] } = {};
  for (const [key, value] of values) {
    const reader = new Reader(value);
    switch (key) {
      case SvcParamKey.MANDATORY:
        parameters.mandatory = readMandatory(reader, values);
        break;
      case SvcParamKey.ALPN:
        parameters.alpn = readAlpn(reader);
        break;
      case SvcParamKey.NO_DEFAULT_ALPN:
        if (value.length > 0) throw malformed('no-default-alpn has a value');
        // Without alpn no protocol would be left (RFC 9460 7.1.1).
        if (!values.has(SvcParamKey.ALPN)) throw malformed('no-default-alpn is there without alpn');
        parameters.noDefaultAlpn = true;
        break;
      case SvcParamKey.PORT:
        if (value.length !== 2) throw malformed('port has not two bytes');
        parameters.port = reader.uint16();
        break;
      case SvcParamKey.IPV4HINT:
        parameters.ipv4hint = readAddresses(reader, IPV4_BYTES, ipv4Text);
        break;
      case SvcParamKey.ECH:
        parameters.ech = readEch(value);
        break;
      case SvcParamKey.IPV6HINT:
        parameters.ipv6hint = readAddresses(reader, IPV6_BYTES, ipv6Text);
        break;
      default:
        // Not known, and ignored unless it is mandatory.
        break;
    }
  }
  return parameters;
}

/** RFC 9460 8: ascending, without itself, and each of them in the record. */
function readMandatory(reader: Reader, values: ReadonlyMap<number, Uint8Array>): number[] {
  const keys: number[] = [];
  do {
    const key = reader.uint16();
    if (key <= (keys.at(-1) ?? SvcParamKey.MANDATORY)) throw malformed('the mandatory keys are not in order');
    if (!values.has(key)) throw malformed(`the mandatory key ${key} is missing`);
    keys.push(key);
  } while (!reader.atEnd);
  return keys;
}

/** RFC 9460 7.1.1: at least one, none of them empty. */
function readAlpn(reader: Reader): string[] {
  const protocols: string[] = [];
  do {
    const protocol = reader.bytes(reader.uint8());
    if (protocol.length === 0) throw malformed('alpn has an empty protocol id');
    protocols.push(Buffer.from(protocol).toString('latin1'));
  } while (!reader.atEnd);
  return protocols;
}

/** The list has a length of its own in front (RFC 9849 4); what is inside is NSS's to check. */
function readEch(value: Uint8Array): Uint8Array {
  const reader = new Reader(value);
  const length = reader.uint16();
  if (length === 0 || reader.bytes(length).length + 2 !== value.length) throw malformed('ech is no ECHConfigList');
  return value.slice();
}

/** RFC 9460 7.3: at least one. */
function readAddresses(reader: Reader, size: number, text: (address: Uint8Array) => string): string[] {
  const addresses: string[] = [];
  do addresses.push(text(reader.bytes(size)));
  while (!reader.atEnd);
  return addresses;
}

function ipv4Text(address: Uint8Array): string {
  return address.join('.');
}

function ipv6Text(address: Uint8Array): string {
  const groups = Array.from({ length: IPV6_BYTES / 2 }, (_, index) => {
    const [high = 0, low = 0] = address.subarray(2 * index);
    return ((high << 8) | low).toString(16);
  });
  // The URL parser shortens it as RFC 5952 says.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** An uncompressed name (RFC 9460 2.2), in lower case, without the dot at its end; `.` for the root. */
function readName(reader: Reader): string {
  const labels: string[] = [];
  let length = 1;
  for (;;) {
    const size = reader.uint8();
    if (size === 0) break;
    length += 1 + size;
    // Larger ones would be pointers of a compressed name.
    if (size > MAX_LABEL_BYTES || length > MAX_NAME_BYTES) throw malformed('its target is no name');
    labels.push(labelText(reader.bytes(size)));
  }
  return labels.length === 0 ? '.' : labels.join('.');
}

/** Bytes that a host name does not have are written as RFC 1035 5.1 says. */
function labelText(label: Uint8Array): string {
  return Buffer.from(label)
    .toString('latin1')
    .toLowerCase()
    .replace(/[^\w-]/g, (character) => `\\${String(character.charCodeAt(0)).padStart(3, '0')}`);
}

function malformed(reason: string): SyntaxError {
  return new SyntaxError(`The HTTPS record is malformed: ${reason}`);
}

/** Bytes that are read from their beginning to their end, and no further. */
class Reader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  uint8(): number {
    const [value = 0] = this.bytes(1);
    return value;
  }

  uint16(): number {
    const [high = 0, low = 0] = this.bytes(2);
    return (high << 8) | low;
  }

  bytes(count: number): Uint8Array {
    const end = this.#position + count;
    if (end > this.#bytes.length) throw malformed('it ends too early');
    const read = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return read;
  }
}
