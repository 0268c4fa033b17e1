/** Plays one scene with fetch and then does nothing more: the process has to end by itself, with nothing closed. */
import { fetch } from '../../src/client/fetch/fetch.js';
import { install } from '../../src/client/fetch/install.js';
import { getConnectionInfo } from '../../src/client/fetch/response-info.js';
import { report, scenarioInput } from '../support/scenario.js';

export interface ExitInput {
  readonly scene: SceneName;
  readonly origin: string;
}

export interface ExitReport {
  readonly text: string;
  /** Of the last response. */
  readonly protocol: string | undefined;
}

export type SceneName = keyof typeof SCENES;

const { scene, origin } = scenarioInput<ExitInput>();

/** The first response says that there is HTTP/3; the one that is reported came over it. */
async function learnHttp3(): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const response = await fetch(origin);
    await response.text();
    if (getConnectionInfo(response)?.protocol === 'h3') return;
  }
}

async function whole(path: string, init: RequestInit = {}): Promise<ExitReport> {
  const response = await fetch(origin + path, init);
  return { text: await response.text(), protocol: getConnectionInfo(response)?.protocol };
}

const SCENES = {
  'the first response, over TCP': () => whole('/'),
  'a response over HTTP/3': async () => {
    await learnHttp3();
    return whole('/');
  },
  'a response whose body nobody reads': async () => {
    await learnHttp3();
    const response = await fetch(`${origin}/`);
    return { text: '', protocol: getConnectionInfo(response)?.protocol };
  },
  'an aborted request': async () => {
    await learnHttp3();
    const controller = new AbortController();
    const response = await fetch(`${origin}/stall`, { signal: controller.signal });
    controller.abort();
    const text = await response.text().catch((error: Error) => error.name);
    return { text, protocol: getConnectionInfo(response)?.protocol };
  },
  'a cancelled body': async () => {
    await learnHttp3();
    const response = await fetch(`${origin}/stall`);
    await response.body?.cancel();
    return { text: '', protocol: getConnectionInfo(response)?.protocol };
  },
  /** Only the request keeps the process alive until its late answer. */
  'a late answer': async () => {
    await learnHttp3();
    return whole('/late');
  },
  'nothing but an installed agent': async () => {
    install();
    return { text: '', protocol: undefined };
  },
  'the built-in fetch over an installed agent': async () => {
    install();
    return { text: await (await globalThis.fetch(`${origin}/`)).text(), protocol: undefined };
  },
} satisfies Record<string, () => Promise<ExitReport>>;

SCENES[scene]().then(report);
