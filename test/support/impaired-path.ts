import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import type { ClientHttp3Session, ConnectOptions } from '../../src/index.js';
import { type Caddy, startCaddy } from './caddy.js';
import { makeIdentity, openSession, type TestIdentity } from './client.js';
import type { ProxyOptions } from './impairment.js';
import { ImpairmentProxy } from './impairment-proxy.js';
import { OriginServer } from './origin-server.js';
import { fetchBytes } from './settlement.js';
import { generateBody } from './site-files.js';

/** Bytes of a transfer: enough for loss detection, congestion control and flow control to have their say. */
const TRANSFER_BYTES = 4 * 1024 * 1024;
const DOWNLOAD = 'download.bin';

/** Caddy, with a server behind it that takes uploads, for the tests of one file. Each test makes its own path to it. */
export class ImpairedSite {
  #caddy: Caddy | undefined;
  #origin: OriginServer | undefined;
  #identity: TestIdentity | undefined;

  /** Starts it before the file's tests and ends it after them. */
  static forThisFile(): ImpairedSite {
    const site = new ImpairedSite();
    beforeAll(async () => {
      const identity = await makeIdentity();
      const origin = await OriginServer.start();
      site.#origin = origin;
      site.#identity = identity;
      site.#caddy = await startCaddy({
        certificate: identity.certificate,
        files: { [DOWNLOAD]: TRANSFER_BYTES },
        routes: [{ path: '/origin/*', proxyTo: origin, stripPrefix: '/origin' }],
      });
    });
    afterAll(async () => {
      await site.#caddy?.stop();
      await site.#origin?.close();
    });
    return site;
  }

  /** A path with impairments; it ends with the current test. */
  async path(options: Omit<ProxyOptions, 'target'>): Promise<ImpairedPath> {
    if (this.#caddy === undefined || this.#identity === undefined) throw new Error('the site was not started');
    const target = { host: '127.0.0.1', port: this.#caddy.port };
    const proxy = await ImpairmentProxy.start({ ...options, target });
    onTestFinished(() => proxy.close());
    return new ImpairedPath(proxy, this.#identity, this.#caddy);
  }
}

/** An impaired path to an {@link ImpairedSite}. */
export class ImpairedPath {
  readonly proxy: ImpairmentProxy;
  readonly #identity: TestIdentity;
  readonly #caddy: Caddy;

  constructor(proxy: ImpairmentProxy, identity: TestIdentity, caddy: Caddy) {
    this.proxy = proxy;
    this.#identity = identity;
    this.#caddy = caddy;
  }

  /** Times are generous: on an impaired path nothing is prompt, and no test is about that. */
  open(options: ConnectOptions = {}): ClientHttp3Session {
    const origin = `https://127.0.0.1:${this.proxy.port}`;
    return openSession(origin, this.#identity, { connectTimeout: 60_000, ...options });
  }

  /** Downloads 4 MiB and checks every byte. */
  async expectDownload(session: ClientHttp3Session): Promise<void> {
    const { headers, bytes, sha256, error } = await fetchBytes(session, { ':path': `/${DOWNLOAD}` });
    expect(error).toBeUndefined();
    expect(headers?.[':status']).toBe(200);
    expect({ bytes, sha256 }).toEqual(this.#caddy.files[DOWNLOAD]);
  }

  /** Uploads 4 MiB and has the server check every byte. */
  async expectUpload(session: ClientHttp3Session): Promise<void> {
    const body = Buffer.concat([...generateBody(TRANSFER_BYTES)]);
    const headers = { ':method': 'POST', ':path': '/origin/digest' };
    const { body: answer, error } = await fetchBytes(session, headers, { body });
    expect(error).toBeUndefined();
    // The same bytes as those of the file that is downloaded.
    expect(JSON.parse(String(answer))).toEqual(this.#caddy.files[DOWNLOAD]);
  }
}
