import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientHttp3Stream } from '../client/client-stream.js';
import { asError, errorMessage } from '../errors.js';
import type { CliOptions, Target } from './arguments.js';
import { contentDecoders, isDecodingError } from './content-decoding.js';
import { type Exchange, exchange, readableText } from './exchange.js';
import { CliError, EXIT } from './exit-codes.js';
import { type TransferPhase, toCliError } from './failures.js';
import { FileOutput, makeOutput, type Output, type StandardOutput } from './output.js';
import type { Progress, ProgressSource } from './progress.js';
import { RateLimiter } from './rate-limiter.js';
import { followRedirect, isRedirect, type NextRequest } from './redirect.js';
import { buildRequestHeaders, type HeaderLine } from './request-headers.js';
import type { PooledSession, SessionPool } from './session-pool.js';
import { newReport, type TransferReport } from './transfer-report.js';
import { dataUpload, fileUpload, type Upload } from './upload.js';
import { parseUrl, type RequestUrl, withQuery, withUploadName } from './url.js';
import type { Verbose } from './verbose.js';

/** What all transfers of a run share. */
export interface TransferContext {
  readonly options: CliOptions;
  readonly pool: SessionPool;
  readonly headerLines: readonly HeaderLine[];
  /** Bytes of `-d`; undefined without it. */
  readonly data: Buffer | undefined;
  readonly headerDump: Output | undefined;
  readonly verbose: Verbose | undefined;
  readonly progress: Progress | undefined;
}

const NO_CONTENT = 204;
const NOT_MODIFIED = 304;
const FIRST_HTTP_ERROR = 400;

/** One URL of the command line from its parsing to its last byte, over redirects. */
export class Transfer implements ProgressSource {
  readonly report: TransferReport;
  readonly #target: Target;
  readonly #context: TransferContext;
  readonly #start = performance.now();
  readonly #abort = new AbortController();
  readonly #limiter: RateLimiter | undefined;
  /** Header text for the outputs; written between the parts of the body, in order. */
  #headerText: string[] = [];
  #stream: ClientHttp3Stream | undefined;
  #upload: Upload | undefined;
  #url: RequestUrl | undefined;
  #output: FileOutput | StandardOutput | undefined;
  #contentLength: number | undefined;
  #responded = false;

  constructor(target: Target, number: number, context: TransferContext) {
    this.report = newReport(number, target.url);
    this.#target = target;
    this.#context = context;
    const { limitRate } = context.options;
    this.#limiter = limitRate === undefined ? undefined : new RateLimiter(limitRate, this.#abort.signal);
  }

  get label(): string {
    return this.#output?.fileName ?? this.#url?.href ?? this.#target.url;
  }

  get downloaded(): number {
    return this.#stream?.bytesRead ?? 0;
  }

  get downloadSize(): number | undefined {
    return this.#contentLength;
  }

  get uploaded(): number {
    return this.#stream?.bytesWritten ?? 0;
  }

  get uploadSize(): number | undefined {
    return this.#upload === undefined ? 0 : this.#upload.length;
  }

  /**
   * Runs the transfer. A failure is returned and noted in the report, not thrown; the output keeps what had come.
   * @param signal ends it; the reason is the CliError that it fails with
   */
  async run(signal: AbortSignal): Promise<CliError | undefined> {
    const { maxTime, removeOnError } = this.#context.options;
    const interrupt = (): void => this.#abort.abort(signal.reason);
    signal.addEventListener('abort', interrupt);
    const timer = maxTime === 0 ? undefined : setTimeout(() => this.#timeOut(maxTime), maxTime);
    try {
      if (signal.aborted) throw signal.reason;
      await this.#transfer();
      await this.#output?.end();
      return undefined;
    } catch (error) {
      const failure = this.#toCliError(error);
      this.report.exitCode = failure.exitCode;
      this.report.errorMessage = failure.message;
      this.#stream?.close();
      if (removeOnError && this.#output instanceof FileOutput) await this.#output.remove();
      else await this.#output?.abandon();
      return failure;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', interrupt);
      this.#context.progress?.remove(this);
      this.report.times.total = this.#seconds(performance.now());
    }
  }

  async #transfer(): Promise<void> {
    const { options, pool } = this.#context;
    let next = await this.#firstRequest();
    const { origin } = next.url;
    for (;;) {
      const { method, url, upload } = next;
      this.#url = url;
      this.#upload = upload;
      this.report.effectiveUrl = url.href;
      this.report.method = method;
      const pooled = pool.get(url);
      const sameOrigin = url.origin === origin;
      const headers = buildRequestHeaders(options, this.#context.headerLines, { method, url, upload, sameOrigin });
      const response = await this.#exchange(pooled, headers, upload);
      const followed = this.#redirectOf(response, next);
      if (followed === undefined) {
        await this.#receive(response);
        this.#finish(pooled, response.stream);
        return;
      }
      // As curl: the body of a redirect that is followed is of no interest.
      this.#finish(pooled, response.stream);
      response.stream.close();
      await this.#writeHeaders();
      this.report.redirects += 1;
      this.report.times.redirect = this.#seconds(performance.now());
      this.#responded = false;
      next = followed;
    }
  }

  /** URL, output and body, before anything is sent. */
  async #firstRequest(): Promise<NextRequest> {
    const { options, data } = this.#context;
    let url = parseUrl(this.#target.url);
    let upload: Upload | undefined;
    if (this.#target.upload !== undefined) upload = await fileUpload(this.#target.upload);
    else if (data !== undefined && options.get) url = withQuery(url, data.toString());
    else if (data !== undefined) upload = dataUpload(data);
    if (upload?.fileName !== undefined) url = withUploadName(url, upload.fileName);
    this.#output = makeOutput(this.#target.output, url, options, this.#abort.signal);
    this.report.fileName = this.#output.fileName;
    return { url, upload, method: options.method ?? (options.head ? 'HEAD' : (upload?.method ?? 'GET')) };
  }

  async #exchange(
    pooled: PooledSession,
    headers: ReturnType<typeof buildRequestHeaders>,
    upload: Upload | undefined,
  ): Promise<Exchange> {
    const { verbose, progress } = this.#context;
    const response = await exchange(pooled, headers, upload?.open(this.#limiter), {
      signal: this.#abort.signal,
      verbose,
      onStream: (stream) => {
        this.#stream = stream;
        this.#contentLength = undefined;
        progress?.add(this);
      },
      onHeaderText: (text) => {
        this.#headerText.push(text);
        this.report.headerBytes += text.length;
      },
    });
    const length = response.headers['content-length'];
    const bodiless =
      headers[':method'] === 'HEAD' || response.status === NO_CONTENT || response.status === NOT_MODIFIED;
    this.#responded = true;
    this.#contentLength = bodiless ? 0 : typeof length === 'string' ? Number(length) : undefined;
    this.report.status = response.status;
    this.report.headers = response.rawHeaders.map(readableText);
    return response;
  }

  /** The request that a redirect leads to; undefined if it is none, or none to follow. */
  #redirectOf({ status, headers }: Exchange, previous: NextRequest): NextRequest | undefined {
    const { location: follow, maxRedirects, method } = this.#context.options;
    const { location } = headers;
    const target = typeof location === 'string' ? readableText(location) : undefined;
    if (!isRedirect(status, target)) return undefined;
    if (!follow || this.report.redirects >= maxRedirects) {
      this.report.redirectUrl = URL.canParse(target, previous.url.href) ? new URL(target, previous.url.href).href : '';
      if (!follow) return undefined;
      throw new CliError(EXIT.TOO_MANY_REDIRECTS, `Maximum (${maxRedirects}) redirects followed`);
    }
    return followRedirect(status, target, previous, method);
  }

  /** Moves the final response to the output. */
  async #receive({ stream, status, headers }: Exchange): Promise<void> {
    const { fail, maxFileSize = Number.POSITIVE_INFINITY, compressed } = this.#context.options;
    await this.#writeHeaders();
    if (fail && status >= FIRST_HTTP_ERROR) {
      throw new CliError(EXIT.HTTP_ERROR, `The requested URL returned error: ${status}`);
    }
    if ((this.#contentLength ?? 0) > maxFileSize) throw tooLarge();
    const encoding = headers['content-encoding'];
    const decode = compressed && this.#contentLength !== 0 && typeof encoding === 'string';
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.#deliver(stream, chunk, maxFileSize).then(
          () => done(),
          (error: unknown) => {
            // Also ends a wait of the rate limiter.
            this.#abort.abort(error);
            done(asError(error));
          },
        );
      },
    });
    const source = this.#limiter === undefined ? stream : Readable.from(this.#limiter.pace(stream));
    await pipeline([source, ...(decode ? contentDecoders(encoding) : []), sink], { signal: this.#abort.signal });
    // Trailers.
    await this.#writeHeaders();
  }

  async #deliver(stream: ClientHttp3Stream, chunk: Buffer, maxFileSize: number): Promise<void> {
    if (stream.bytesRead > maxFileSize) throw tooLarge();
    await this.#output?.write(chunk);
  }

  /** Header sections that have come go where `-i`, `-I` and `-D` want them. */
  async #writeHeaders(): Promise<void> {
    const bytes = Buffer.from(this.#headerText.join(''), 'latin1');
    this.#headerText = [];
    if (bytes.length === 0) return;
    const { options, headerDump } = this.#context;
    await headerDump?.write(bytes);
    if (options.include || options.head) await this.#output?.write(bytes);
  }

  /** Notes what the exchange has shown. */
  #finish(pooled: PooledSession, stream: ClientHttp3Stream): void {
    const { report } = this;
    report.downloaded = stream.bytesRead;
    report.uploaded = stream.bytesWritten;
    report.requestBytes += sizeOf(stream.sentHeaders);
    const made = pooled.claimConnections();
    report.connects += made;
    const { connection } = pooled;
    report.connection = connection?.info;
    report.earlyData = earlyDataOf(stream, made > 0 ? connection?.info.earlyData : undefined);
    const { times } = report;
    if (made > 0 && connection !== undefined) {
      times.nameLookup = this.#seconds(connection.timings.lookupEnd);
      // QUIC's handshake is TLS's.
      times.connect = this.#seconds(connection.info.handshakeEnd);
      times.appConnect = times.connect;
    }
    times.preTransfer = this.#seconds(stream.timings.sent ?? this.#start);
    times.startTransfer = this.#seconds(stream.timings.headers ?? this.#start);
  }

  #toCliError(error: unknown): CliError {
    const { signal } = this.#abort;
    if (signal.aborted && signal.reason instanceof CliError) return signal.reason;
    if (isDecodingError(error)) {
      return new CliError(EXIT.BAD_ENCODING, `Error while processing content unencoding: ${errorMessage(error)}`);
    }
    return toCliError(error, this.#phase());
  }

  #phase(): TransferPhase {
    return {
      host: this.#url?.host ?? '',
      port: this.#url?.port ?? 0,
      responded: this.#responded,
      sending: this.#upload !== undefined && this.uploaded < (this.#upload.length ?? Number.POSITIVE_INFINITY),
      missingBytes: this.#contentLength === undefined ? 0 : Math.max(0, this.#contentLength - this.downloaded),
    };
  }

  #timeOut(milliseconds: number): void {
    const received = `${this.downloaded}${this.#contentLength === undefined ? '' : ` out of ${this.#contentLength}`}`;
    const message = `Operation timed out after ${milliseconds} milliseconds with ${received} bytes received`;
    this.#abort.abort(new CliError(EXIT.TIMEOUT, message));
  }

  /** Seconds since the transfer began. */
  #seconds(moment: number): number {
    return Math.max(0, moment - this.#start) / 1000;
  }
}

function earlyDataOf(
  stream: ClientHttp3Stream,
  ofConnection: TransferReport['earlyData'] | undefined,
): TransferReport['earlyData'] {
  if (stream.sentEarly) return 'accepted';
  return ofConnection === 'rejected' ? 'rejected' : 'none';
}

function sizeOf(fields: Readonly<Record<string, unknown>>): number {
  return Object.entries(fields).reduce((size, [name, value]) => size + name.length + String(value).length, 0);
}

function tooLarge(): CliError {
  return new CliError(EXIT.FILE_SIZE, 'Maximum file size exceeded');
}
