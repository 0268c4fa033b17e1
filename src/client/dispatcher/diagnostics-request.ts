import { DispatchHeaders } from './dispatch-headers.js';
import type { DispatchRequest } from './dispatch-request.js';

/** A request as undici's channels show it: one object from `create` to `trailers` or `error`, by which tracers know it. */
export class DiagnosticsRequest {
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  /** A copy: what a tracer adds concerns this attempt only. */
  readonly #headers: DispatchHeaders;
  readonly #request: DispatchRequest;
  completed = false;
  aborted = false;

  constructor(request: DispatchRequest) {
    this.origin = request.origin.href;
    this.method = request.method;
    this.path = request.path;
    this.#request = request;
    this.#headers = new DispatchHeaders();
    this.#headers.addAll(request.headers);
  }

  /** Flat: name, value … */
  get headers(): string[] {
    return this.#headers.fields;
  }

  get protocol(): string {
    return 'https:';
  }

  get host(): string | null {
    return this.#request.authority ?? null;
  }

  get servername(): string | null {
    return this.#request.serverName ?? null;
  }

  get contentLength(): number | null {
    return this.#request.contentLength ?? null;
  }

  get idempotent(): boolean {
    return this.#request.idempotent;
  }

  /**
   * Adds a field, before the header section is sent.
   *
   * @throws InvalidArgumentError for what is no field
   */
  addHeader(name: string, value: string | readonly string[]): this {
    this.#headers.add(name, value);
    return this;
  }
}
