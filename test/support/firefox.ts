import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Marionette } from './firefox-marionette.js';
import { PeerProcess } from './peer-process.js';
import { ensureTool } from './peer-tools.js';

/** System access: to add a certificate authority, there is no command of WebDriver. */
const HEADLESS = ['--headless', '--no-remote', '--marionette', '--remote-allow-system-access'];
const START_DEADLINE_MS = 30_000;
const POLL_MS = 50;

type Preference = string | number | boolean;

/** Nothing that the browser does by itself, and HTTP/3 although its certificates have no known root. */
const PREFERENCES: Readonly<Record<string, Preference>> = {
  'marionette.port': 0,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.http.http3.disable_when_third_party_roots_found': false,
  'network.proxy.type': 0,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.reportingpolicy.firstRun': false,
};

/** Headless Firefox (Debian package) with a profile of its own, and its one page. */
export class Firefox {
  readonly #peer: PeerProcess;
  readonly #marionette: Marionette;
  readonly #profile: string;

  private constructor(peer: PeerProcess, marionette: Marionette, profile: string) {
    this.#peer = peer;
    this.#marionette = marionette;
    this.#profile = profile;
  }

  /**
   * Starts it; installs it if it is missing and can be installed.
   * @param port at which `localhost` is asked by HTTP/3 from the first request on, without Alt-Svc
   * @param ca the authority to trust, in PEM; over QUIC Firefox accepts no exception for a certificate
   * @throws Error that says what is missing, or what it wrote
   */
  static async start(port: number, ca: string): Promise<Firefox> {
    await ensureTool('firefox-esr');
    const profile = await mkdtemp(join(tmpdir(), 'necko-http3-firefox-'));
    const preferences = { ...PREFERENCES, 'network.http.http3.alt-svc-mapping-for-testing': `localhost;h3=:${port}` };
    const lines = Object.entries(preferences).map(
      ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`,
    );
    await writeFile(join(profile, 'user.js'), lines.join(''));
    // A home of its own: it would leave crash reports and caches in the user's.
    const peer = new PeerProcess('firefox-esr', [...HEADLESS, '--profile', profile], {
      env: { HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1', MOZ_DISABLE_CONTENT_SANDBOX: '1' },
    });
    try {
      const marionette = await Marionette.connect(await marionettePort(peer, profile));
      const firefox = new Firefox(peer, marionette, profile);
      await marionette.send('WebDriver:NewSession');
      await firefox.#trust(ca);
      return firefox;
    } catch (error) {
      await peer.stop();
      await removeProfile(profile);
      throw error;
    }
  }

  /** Goes to an address and waits until the page is loaded. @throws Error with Firefox's message */
  async goto(url: string): Promise<void> {
    await this.#marionette.send('WebDriver:Navigate', { url });
  }

  /** Evaluates an expression in the page. The value has to be JSON. @throws Error with the exception's text */
  async evaluate<T>(expression: string): Promise<T> {
    const params = { script: `return (${expression})`, args: [] };
    return (await this.#marionette.send<{ value: T }>('WebDriver:ExecuteScript', params)).value;
  }

  /** Clicks on an element, and waits until the page that this leads to is loaded. */
  async click(selector: string): Promise<void> {
    const found = { using: 'css selector', value: selector };
    const { value } = await this.#marionette.send<{ value: Record<string, string> }>('WebDriver:FindElement', found);
    await this.#marionette.send('WebDriver:ElementClick', { id: Object.values(value)[0] });
  }

  /** ALPN name of the protocol that the page itself came by: `h3`, `h2`, `http/1.1`. */
  protocol(): Promise<string> {
    return this.evaluate(`performance.getEntriesByType('navigation')[0].nextHopProtocol`);
  }

  async #trust(ca: string): Promise<void> {
    const der = new X509Certificate(ca).raw.toString('base64');
    await this.#marionette.send('Marionette:SetContext', { value: 'chrome' });
    const service = `Cc['@mozilla.org/security/x509certdb;1'].getService(Ci.nsIX509CertDB)`;
    await this.evaluate(`void ${service}.addCertFromBase64('${der}', 'C,,')`);
    await this.#marionette.send('Marionette:SetContext', { value: 'content' });
  }

  log(): string {
    return this.#peer.log();
  }

  /** Ends the browser and removes its profile. Idempotent. */
  async stop(): Promise<void> {
    this.#marionette.close();
    await this.#peer.stop();
    await removeProfile(this.#profile);
  }
}

/** The port that Firefox chose and wrote into its profile. */
async function marionettePort(peer: PeerProcess, profile: string): Promise<number> {
  const giveUpMs = performance.now() + START_DEADLINE_MS;
  while (peer.isRunning && performance.now() < giveUpMs) {
    const text = await readFile(join(profile, 'MarionetteActivePort'), 'latin1').catch(() => '');
    if (text !== '') return Number(text);
    await sleep(POLL_MS);
  }
  throw peer.failure('should open its Marionette port');
}

/** Its processes may write on for a moment. */
function removeProfile(profile: string): Promise<void> {
  return rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
