/** Plays one scene and then does nothing more: the process has to end by itself, without `process.exit`. */
import { WebTransport, type WebTransportOptions } from '../../../src/webtransport.js';
import { report, scenarioInput } from '../../support/scenario.js';

export interface ExitInput {
  readonly scene: SceneName;
  readonly origin: string;
  readonly ca: string;
}

export type SceneName = keyof typeof SCENES;

const input = scenarioInput<ExitInput>();

function open(path = '/', options: WebTransportOptions = {}): WebTransport {
  return new WebTransport(`${input.origin}${path}`, { ...options, connection: { ca: input.ca } });
}

async function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    (value) => JSON.stringify(value),
    (error: Error & { cause?: { code?: string } }) => `${error.name} ${error.cause?.code ?? ''}`.trim(),
  );
}

const SCENES = {
  'closed session': async () => {
    const transport = open();
    await transport.ready;
    transport.close({ closeCode: 1 });
    return outcome(transport.closed);
  },
  'session closed before it is ready': () => {
    const transport = open();
    transport.close();
    return outcome(transport.closed);
  },
  'rejected session': () => outcome(open('/reject').ready),
  'pooled sessions': async () => {
    const transports = [open('/', { allowPooling: true }), open('/', { allowPooling: true })];
    for (const { ready } of transports) await ready;
    for (const transport of transports) transport.close();
    return outcome(Promise.all(transports.map(({ closed }) => closed)));
  },
  /** Nothing but the session keeps the process alive until the server ends it. */
  'session that the server ends': () => outcome(open('/later').closed),
  'connection that the server ends': () => outcome(open('/destroy').closed),
  'streams left open': async () => {
    const transport = open();
    const { writable } = await transport.createBidirectionalStream();
    await writable.getWriter().write(Buffer.alloc(1000));
    transport.close();
    return outcome(transport.closed);
  },
} satisfies Record<string, () => Promise<string>>;

SCENES[input.scene]().then(report);
