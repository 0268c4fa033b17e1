import { setTimeout as sleep } from 'node:timers/promises';
import {
  ClientClosedError,
  ClientDestroyedError,
  type ClientHttp3Session,
  type ClientHttp3Stream,
  type RequestOptions,
} from '../../src/index.js';

/** Numbers in [0, 1). */
type Random = () => number;

/** A request is given up when this many bytes have come. */
const ENOUGH_BYTES = 1_000_000;
const MAX_REQUESTS = 150;

/** Uses a session in every way that there is, at random and at odd moments. Counts how each request ends. */
export class RandomUser {
  started = 0;
  /** 'close' events. */
  closed = 0;
  /** By `code` of the error. */
  readonly errors = new Map<string, number>();
  readonly #session: ClientHttp3Session;
  readonly #paths: readonly string[];
  readonly #random: Random;
  readonly #ends: Promise<void>[] = [];

  constructor(session: ClientHttp3Session, paths: readonly string[], random: Random) {
    this.#session = session;
    this.#paths = paths;
    this.#random = random;
  }

  /** Resolves when all requests have closed and the session has. */
  async run(): Promise<void> {
    const count = 5 + this.#below(MAX_REQUESTS);
    for (let index = 0; index < count && !this.#session.closed; index += 1) {
      this.#request();
      if (this.#oneIn(10)) await sleep(this.#below(5));
    }
    // Requests make requests.
    for (let index = 0; index < this.#ends.length; index += 1) await this.#ends[index];
    await this.#session.close();
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #oneIn(count: number): boolean {
    return this.#below(count) === 0;
  }

  #request(): void {
    const controller = new AbortController();
    const method = this.#oneIn(3) ? 'POST' : 'GET';
    const path = this.#paths[this.#below(this.#paths.length)] ?? '/';
    const options = { signal: controller.signal, ...(method === 'POST' ? this.#body() : {}) };
    let stream: ClientHttp3Stream;
    try {
      stream = this.#session.request({ ':method': method, ':path': path }, options);
    } catch (error) {
      if (error instanceof ClientClosedError || error instanceof ClientDestroyedError) return;
      throw error;
    }
    this.started += 1;
    this.#ends.push(this.#watch(stream));
    this.#meddle(stream);
    if (stream.writable) void this.#write(stream);
    if (this.#oneIn(12)) controller.abort();
    else if (this.#oneIn(8)) setTimeout(() => controller.abort(), this.#below(30));
  }

  #body(): RequestOptions {
    if (this.#oneIn(2)) return {};
    return { body: this.#oneIn(2) ? 'x'.repeat(this.#below(100_000)) : this.#chunks() };
  }

  async *#chunks(): AsyncGenerator<string> {
    for (let left = this.#below(20); left > 0; left -= 1) {
      if (this.#oneIn(2)) await sleep(this.#below(3));
      yield 'y'.repeat(this.#below(3000));
    }
  }

  async #write(stream: ClientHttp3Stream): Promise<void> {
    for (let left = this.#below(6); left > 0 && !stream.destroyed; left -= 1) {
      await new Promise((resolve) => stream.write('z'.repeat(this.#below(100_000)), resolve));
    }
    if (!stream.destroyed) stream.end();
  }

  #watch(stream: ClientHttp3Stream): Promise<void> {
    stream.on('error', (error) => {
      const code = 'code' in error ? String(error.code) : error.message;
      this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
    });
    return new Promise((resolve) => {
      stream.on('close', () => {
        this.closed += 1;
        resolve();
      });
    });
  }

  #meddle(stream: ClientHttp3Stream): void {
    let bytes = 0;
    stream.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > ENOUGH_BYTES) stream.destroy();
      else if (this.#oneIn(40)) this.#act(stream);
    });
    for (const event of ['ready', 'response', 'end', 'finish', 'close']) {
      stream.on(event, () => {
        if (this.#oneIn(8)) this.#act(stream);
      });
    }
    if (this.#oneIn(5)) setTimeout(() => this.#act(stream), this.#below(30));
  }

  #act(stream: ClientHttp3Stream): void {
    const session = this.#session;
    const acts: readonly (() => void)[] = [
      () => stream.destroy(),
      () => stream.close(0x110),
      () => this.#request(),
      () => stream.priority({ urgency: this.#below(8), incremental: this.#oneIn(2) }),
      () => void session.stats(),
      () => void session.updateKeys(),
      () => {
        stream.pause();
        setTimeout(() => stream.resume(), this.#below(20));
      },
      () => {
        if (this.#oneIn(10)) void session.close();
      },
      () => {
        if (this.#oneIn(40)) session.destroy();
      },
    ];
    acts[this.#below(acts.length)]?.();
  }
}
