import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChromiumPipe } from './chromium-pipe.js';
import { ensureTool } from './peer-tools.js';

const EMPTY_PAGE = 'about:blank';

/** Nothing that the browser does by itself: no first run, no updates, no contact with anybody. */
const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-sync',
  '--metrics-recording-only',
  '--no-proxy-server',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
];

export interface ChromiumOptions {
  /** `HOST:PORT` that is asked by QUIC from the first request on, without Alt-Svc. */
  readonly quicOrigins?: readonly string[];
  /** Certificates in PEM whose keys are accepted whatever else is wrong with them (no known root, for QUIC too). */
  readonly trusted?: readonly string[];
}

/** A loaded page. */
export interface ChromiumPage {
  /**
   * Evaluates an expression in the page; a promise is waited for. The value has to be JSON.
   * @throws Error with the exception's text
   */
  evaluate<T>(expression: string): Promise<T>;
  /** Goes to an address and waits for the page's `load` event. @throws Error with Chromium's name of it, such as `net::ERR_…` */
  goto(url: string): Promise<void>;
  /** Does something that leads to another page, such as sending a form, and waits for that page's `load` event. */
  follow(expression: string): Promise<void>;
  /** ALPN name of the protocol that the page itself came by: `h3`, `h2`, `http/1.1`. */
  protocol(): Promise<string>;
}

/** Headless Chromium (Debian package) with an empty profile of its own. */
export class Chromium {
  readonly #pipe: ChromiumPipe;
  readonly #profile: string;

  private constructor(pipe: ChromiumPipe, profile: string) {
    this.#pipe = pipe;
    this.#profile = profile;
  }

  /** Starts it; installs it if it is missing and can be installed. @throws Error that says what is missing, or what it wrote */
  static async start({ quicOrigins = [], trusted = [] }: ChromiumOptions = {}): Promise<Chromium> {
    await ensureTool('chromium');
    const profile = await mkdtemp(join(tmpdir(), 'necko-http3-chromium-'));
    const args = [...QUIET, `--user-data-dir=${profile}`];
    if (quicOrigins.length > 0) args.push('--enable-quic', `--origin-to-force-quic-on=${quicOrigins.join(',')}`);
    if (trusted.length > 0) args.push(`--ignore-certificate-errors-spki-list=${trusted.map(keyHash).join(',')}`);
    const chromium = new Chromium(new ChromiumPipe('chromium', args), profile);
    try {
      await chromium.#pipe.send('Browser.getVersion');
    } catch (error) {
      await chromium.stop();
      throw error;
    }
    return chromium;
  }

  /** Opens an empty page. */
  async newPage(): Promise<ChromiumPage> {
    const { targetId } = await this.#pipe.send<{ targetId: string }>('Target.createTarget', { url: EMPTY_PAGE });
    const attach = { targetId, flatten: true };
    const { sessionId } = await this.#pipe.send<{ sessionId: string }>('Target.attachToTarget', attach);
    await this.#pipe.send('Page.enable', {}, sessionId);
    return new Page(this.#pipe, sessionId);
  }

  log(): string {
    return this.#pipe.log();
  }

  /** Ends the browser and removes its profile. Idempotent. */
  async stop(): Promise<void> {
    await this.#pipe.stop();
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Evaluation<T> {
  readonly result: { readonly value: T };
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
}

interface FrameNavigated {
  readonly frame: { readonly url: string };
}

class Page implements ChromiumPage {
  readonly #pipe: ChromiumPipe;
  readonly #sessionId: string;

  constructor(pipe: ChromiumPipe, sessionId: string) {
    this.#pipe = pipe;
    this.#sessionId = sessionId;
  }

  async evaluate<T>(expression: string): Promise<T> {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#send<Evaluation<T>>('Runtime.evaluate', params);
    if (exceptionDetails !== undefined) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value;
  }

  async goto(url: string): Promise<void> {
    await this.#untilLoaded(async () => {
      const { errorText } = await this.#send<{ errorText?: string }>('Page.navigate', { url });
      if (errorText !== undefined) throw new Error(`${url}: ${errorText}`);
    });
  }

  async follow(expression: string): Promise<void> {
    await this.#untilLoaded(() => this.evaluate(`void (${expression})`));
  }

  protocol(): Promise<string> {
    return this.evaluate(`performance.getEntriesByType('navigation')[0].nextHopProtocol`);
  }

  /**
   * The listener is there before the action, so that no page can load unseen. The empty page that the target began with may tell
   * of its own end of loading as late as now.
   */
  async #untilLoaded(action: () => Promise<unknown>): Promise<void> {
    let onLoad: () => void = () => undefined;
    const loaded = new Promise<void>((resolve) => {
      onLoad = resolve;
    });
    let hasBegun = false;
    const stop = this.#pipe.listen(this.#sessionId, (method, params) => {
      if (method === 'Page.frameNavigated') hasBegun = (params as FrameNavigated).frame.url !== EMPTY_PAGE;
      if (method === 'Page.loadEventFired' && hasBegun) onLoad();
    });
    try {
      await action();
      await loaded;
    } finally {
      stop();
    }
  }

  #send<Result>(method: string, params: Readonly<Record<string, unknown>>): Promise<Result> {
    return this.#pipe.send<Result>(method, params, this.#sessionId);
  }
}

/** SHA-256 of a certificate's public key (SubjectPublicKeyInfo) in base64. */
function keyHash(certPem: string): string {
  const spki = new X509Certificate(certPem).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}
