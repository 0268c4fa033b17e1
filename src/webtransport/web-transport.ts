import type { WebTransportBidirectionalStream } from './bidirectional-stream.js';
import { installedConnector, type ReadySession } from './connector.js';
import { WebTransportDatagramDuplexStream } from './datagram-duplex-stream.js';
import type {
  BufferSource,
  WebTransportCloseInfo,
  WebTransportCongestionControl,
  WebTransportConnectionStats,
  WebTransportOptions,
  WebTransportReliabilityMode,
} from './dictionaries.js';
import type { WebTransportReceiveStream } from './receive-stream.js';
import { responseHeaders } from './response-headers.js';
import type { WebTransportSendGroup } from './send-group.js';
import { toStreamOptions, type WebTransportSendStreamOptions } from './send-options.js';
import type { WebTransportSendStream } from './send-stream.js';
import { type CloseInfo, Transport } from './transport.js';
import { toAnticipated, toTransportOptions, toTransportUrl } from './transport-options.js';
import type { ReadableStream } from './web-streams.js';
import { defineInterface, INTERNAL, promised, toBytes, toDictionary, toUnsignedLong, toUsvString } from './webidl.js';

/** Longest label and context of `exportKeyingMaterial()`, in bytes. */
const MAX_EXPORTER_INPUT = 255;

/** Longest output of `exportKeyingMaterial()`, in bytes: what the W3C text asks for at least. */
const MAX_EXPORTER_OUTPUT = 4096;

/** Of the server: a session that it has accepted. */
export interface AdoptedTransport {
  readonly transport: Transport;
  readonly protocol: string;
}

function toCloseInfo(value: unknown): CloseInfo {
  const { closeCode = 0, reason = '' } = toDictionary(value, 'closeInfo');
  return { closeCode: toUnsignedLong(closeCode, 'closeCode'), reason: toUsvString(reason, 'reason') };
}

/** neqo controls congestion with CUBIC, made for throughput (RFC 9438); there is nothing for low latency. */
function satisfied(wanted: WebTransportCongestionControl): WebTransportCongestionControl {
  return wanted === 'throughput' ? wanted : 'default';
}

/**
 * A WebTransport session over HTTP/3 (W3C WebTransport 6; draft-ietf-webtrans-http3).
 *
 * - `ready` is fulfilled once the session is established. `closed` is fulfilled when either end closes it, with the code and
 *   reason, and rejects when it fails, with the WebTransportError of `ready` and of everything that ends with it. Its
 *   `cause` says why.
 * - Streams and datagrams may be asked for before the session is ready.
 */
export class WebTransport {
  readonly #transport: Transport;
  readonly #datagrams: WebTransportDatagramDuplexStream;
  #reliability: WebTransportReliabilityMode = 'pending';
  #congestionControl: WebTransportCongestionControl = 'default';
  #anticipatedUnidirectional: number | null = null;
  #anticipatedBidirectional: number | null = null;
  #protocol = '';
  #responseHeaders: Headers | null = null;

  /**
   * @param url https, without fragment
   * @throws SyntaxError (DOMException) for another URL, and for `protocols` that cannot be sent
   * @throws NotSupportedError (DOMException) for `serverCertificateHashes` with `allowPooling`
   * @throws TypeError for options of a wrong type
   */
  constructor(url: string | URL, options?: WebTransportOptions);
  /** @internal */
  constructor(token: typeof INTERNAL, adopted: AdoptedTransport);
  constructor(url: string | URL | typeof INTERNAL, options: WebTransportOptions | AdoptedTransport = {}) {
    if (url === INTERNAL) {
      const { transport, protocol } = options as AdoptedTransport;
      this.#transport = transport;
      this.#datagrams = new WebTransportDatagramDuplexStream(INTERNAL, transport.datagrams);
      this.#protocol = protocol;
      this.#reliability = 'supports-unreliable';
      return;
    }
    // biome-ignore lint/complexity/noArguments: Web IDL tells an argument that is missing from undefined
    if (arguments.length === 0) throw new TypeError('1 argument required, but only 0 present');
    const parsed = toTransportUrl(url);
    const checked = toTransportOptions(options);
    const connector = installedConnector();
    if (connector === undefined) throw new DOMException('Sessions are accepted here, not made', 'NotSupportedError');
    this.#congestionControl = satisfied(checked.congestionControl);
    this.#anticipatedUnidirectional = checked.anticipatedConcurrentIncomingUnidirectionalStreams;
    this.#anticipatedBidirectional = checked.anticipatedConcurrentIncomingBidirectionalStreams;
    this.#transport = new Transport(checked.datagramsReadableType);
    this.#datagrams = new WebTransportDatagramDuplexStream(INTERNAL, this.#transport.datagrams);
    this.#transport.await(connector.connect(parsed, checked), (ready) => this.#established(ready));
  }

  /** False: a session over a connection without datagrams, which means HTTP/2, is not supported. */
  static get supportsReliableOnly(): boolean {
    return false;
  }

  /** Waits for the session. Rejects with InvalidStateError once it has failed; after a close, it tells the last numbers. */
  async getStats(): Promise<WebTransportConnectionStats> {
    return await this.#transport.stats();
  }

  /**
   * Keys that both ends can derive from the TLS session and nobody else can (RFC 9846 7.5).
   *
   * @param label at most 255 bytes
   * @param context at most 255 bytes
   * @param outputLength 1 … 4096 bytes
   * @returns rejects with RangeError for other lengths, and with InvalidStateError when the session is over
   */
  async exportKeyingMaterial(label: BufferSource, context: BufferSource, outputLength: number): Promise<Uint8Array> {
    const transport = this.#transport;
    const [labelBytes, contextBytes] = [toBytes(label, 'label').slice(), toBytes(context, 'context').slice()];
    const length = toUnsignedLong(outputLength, 'outputLength');
    if (labelBytes.byteLength > MAX_EXPORTER_INPUT || contextBytes.byteLength > MAX_EXPORTER_INPUT) {
      throw new RangeError(`label and context have at most ${MAX_EXPORTER_INPUT} bytes`);
    }
    if (length === 0 || length > MAX_EXPORTER_OUTPUT) {
      throw new RangeError(`outputLength is not in the range 1 to ${MAX_EXPORTER_OUTPUT}`);
    }
    return await transport.exportKeyingMaterial(labelBytes, contextBytes, length);
  }

  get ready(): Promise<undefined> {
    return promised(() => this.#transport.ready);
  }

  /** 'pending' until the session is established. */
  get reliability(): WebTransportReliabilityMode {
    return this.#reliability;
  }

  /** The preference that was asked for, if it is met; else 'default'. */
  get congestionControl(): WebTransportCongestionControl {
    return this.#congestionControl;
  }

  /** A hint; 0 … 65,535, or null for none. */
  get anticipatedConcurrentIncomingUnidirectionalStreams(): number | null {
    return this.#anticipatedUnidirectional;
  }

  set anticipatedConcurrentIncomingUnidirectionalStreams(value: number | null) {
    this.#anticipatedUnidirectional = toAnticipated(value);
  }

  /** A hint; 0 … 65,535, or null for none. */
  get anticipatedConcurrentIncomingBidirectionalStreams(): number | null {
    return this.#anticipatedBidirectional;
  }

  set anticipatedConcurrentIncomingBidirectionalStreams(value: number | null) {
    this.#anticipatedBidirectional = toAnticipated(value);
  }

  /** Of the server's answer; null before it. Immutable. */
  get responseHeaders(): Headers | null {
    return this.#responseHeaders;
  }

  /** The server's choice of `protocols`, or ''. */
  get protocol(): string {
    return this.#protocol;
  }

  get closed(): Promise<WebTransportCloseInfo> {
    return promised(() => this.#transport.closed);
  }

  /** Fulfilled when the peer asks for the session to come to an end. */
  get draining(): Promise<undefined> {
    return promised(() => this.#transport.draining);
  }

  /**
   * Ends the session and all its streams at once. Before it is established, it fails with that.
   *
   * @param closeInfo of its `reason`, up to 1024 bytes of UTF-8 are sent
   */
  close(closeInfo: WebTransportCloseInfo = {}): undefined {
    this.#transport.close(toCloseInfo(closeInfo));
    return undefined;
  }

  get datagrams(): WebTransportDatagramDuplexStream {
    return this.#datagrams;
  }

  /**
   * The peer learns of the stream with its first bytes.
   *
   * @returns rejects with InvalidStateError if the session is over before, QuotaExceededError at the peer's limit on streams
   *   without `waitUntilAvailable`, and TypeError for a send group of another transport
   */
  async createBidirectionalStream(
    options: WebTransportSendStreamOptions = {},
  ): Promise<WebTransportBidirectionalStream> {
    const transport = this.#transport;
    const converted = toStreamOptions(options, transport);
    return await transport.createBidirectional(converted);
  }

  /** Streams that the peer has opened. */
  get incomingBidirectionalStreams(): ReadableStream<WebTransportBidirectionalStream> {
    return this.#transport.streams.incomingBidirectional.readable;
  }

  /** As `createBidirectionalStream()`. */
  async createUnidirectionalStream(options: WebTransportSendStreamOptions = {}): Promise<WebTransportSendStream> {
    const transport = this.#transport;
    const converted = toStreamOptions(options, transport);
    return await transport.createUnidirectional(converted);
  }

  /** Streams that the peer has opened. */
  get incomingUnidirectionalStreams(): ReadableStream<WebTransportReceiveStream> {
    return this.#transport.streams.incomingUnidirectional.readable;
  }

  /** @throws InvalidStateError if the session is over */
  createSendGroup(): WebTransportSendGroup {
    return this.#transport.createSendGroup();
  }

  #established(ready: ReadySession): void {
    this.#reliability = ready.reliability;
    this.#protocol = ready.protocol ?? '';
    this.#responseHeaders = responseHeaders(ready.responseHeaders);
  }
}
defineInterface(WebTransport, 'WebTransport');
