import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { transform } from 'esbuild';
import type { WebTransportSessionPlan, WebTransportStep } from '../../support/webtransport-peers.js';
import type { ScenarioOutcome } from './w3c-scenario.js';

const MODULE = new URL('./w3c-scenario.ts', import.meta.url);

/** Runs what the server keeps for it, and sends the outcome back. */
const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>WebTransport</title>
<script type="module">
  import { runScenario } from '/w3c-scenario.js';
  const { url, hash, steps } = await (await fetch('/scenario')).json();
  const serverCertificateHashes = [{ algorithm: 'sha-256', value: new Uint8Array(hash) }];
  const options = hash.length > 0 ? { serverCertificateHashes } : {};
  const answer = await runScenario(new WebTransport(url, options), WebTransportError, steps).then(
    (outcome) => ({ outcome }),
    (error) => ({ failure: String(error) + ' ' + String(error.stack) }),
  );
  await fetch('/outcome', { method: 'POST', body: JSON.stringify(answer) });
</script>`;

type Answer = { readonly outcome: ScenarioOutcome } | { readonly failure: string };

/** A browser that can be sent to an address. */
interface Browser {
  goto(url: string): Promise<void>;
}

/**
 * Serves the page that carries out scenarios in a browser. It comes by plain HTTP from 127.0.0.1, which browsers take for a secure
 * context, as WebTransport demands.
 */
export class ScenarioPage {
  readonly #server: Server;
  #scenario = '';
  #onAnswer: (answer: Answer) => void = () => undefined;

  private constructor(module: string) {
    this.#server = createServer((request, response) => {
      if (request.url === '/w3c-scenario.js') {
        response.setHeader('content-type', 'text/javascript').end(module);
      } else if (request.url === '/scenario') {
        response.setHeader('content-type', 'application/json').end(this.#scenario);
      } else if (request.url === '/outcome') {
        void this.#receive(request);
        response.end();
      } else {
        response.setHeader('content-type', 'text/html').end(PAGE);
      }
    });
  }

  static async serve(): Promise<ScenarioPage> {
    const { code } = await transform(await readFile(MODULE, 'utf8'), { loader: 'ts', format: 'esm', target: 'es2022' });
    const page = new ScenarioPage(code);
    page.#server.listen(0, '127.0.0.1');
    await once(page.#server, 'listening');
    return page;
  }

  /** Such as `http://127.0.0.1:8080`. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /**
   * Opens a session in a browser and carries out a scenario.
   * @param hash of the server's certificate; without it the browser has to trust it
   * @throws Error with the browser's text if a step fails
   */
  async run(
    browser: Browser,
    url: string,
    hash: Buffer | undefined,
    steps: readonly WebTransportStep[],
  ): Promise<ScenarioOutcome> {
    this.#scenario = JSON.stringify({ url, hash: [...(hash ?? [])], steps });
    const answered = new Promise<Answer>((resolve) => {
      this.#onAnswer = resolve;
    });
    await browser.goto(`${this.origin}/`);
    const answer = await answered;
    if ('failure' in answer) throw new Error(`in the browser: ${answer.failure}`);
    return answer.outcome;
  }

  /** The same for several sessions, one after the other: a browser has one tab. */
  async runInTurn(
    browser: Browser,
    hash: Buffer,
    sessions: readonly WebTransportSessionPlan[],
  ): Promise<ScenarioOutcome[]> {
    const outcomes: ScenarioOutcome[] = [];
    for (const { url, steps } of sessions) outcomes.push(await this.run(browser, url, hash, steps));
    return outcomes;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #receive(request: IncomingMessage): Promise<void> {
    this.#onAnswer(JSON.parse(await text(request)) as Answer);
  }
}
