/** Plays one scene and then does nothing more: the process has to end by itself, without `process.exit`. */
import { once } from 'node:events';
import { type ClientHttp3Session, type ConnectOptions, connect } from '../../src/index.js';
import { report, scenarioInput } from '../support/scenario.js';
import { fetchBytes, settle } from '../support/settlement.js';

export interface ExitInput {
  readonly scene: SceneName;
  readonly origin: string;
  readonly ca: string;
  /** Of the server, for scenes in which it is killed or stopped. */
  readonly serverPid: number;
}

export interface ExitReport {
  /** `code` of the error, and that of its cause; empty for none. */
  readonly codes: readonly string[];
  readonly bytes: number;
}

export type SceneName = keyof typeof SCENES;

const input = scenarioInput<ExitInput>();

function open(options: ConnectOptions = {}): ClientHttp3Session {
  return connect(input.origin, { ca: input.ca, ...options });
}

async function outcome(settled: ReturnType<typeof settle>): Promise<ExitReport> {
  const { error, bytes } = await settled;
  const codes = [error, error?.cause].map((each) => (each as { code?: unknown } | undefined)?.code);
  return { codes: codes.filter((code) => typeof code === 'string'), bytes };
}

const SCENES = {
  /** The connection stays open and idle. */
  'idle session': () => outcome(fetchBytes(open())),
  'session that is never used': async (): Promise<ExitReport> => {
    await once(open(), 'connect');
    return { codes: [], bytes: 0 };
  },
  'closed session': async (): Promise<ExitReport> => {
    const session = open();
    const result = await outcome(fetchBytes(session));
    await session.close();
    return result;
  },
  'destroyed session': (): Promise<ExitReport> => {
    const session = open();
    const settled = settle(session.request({ ':path': '/stall' }));
    session.on('connect', () => session.destroy());
    return outcome(settled);
  },
  'aborted request': (): Promise<ExitReport> => {
    const controller = new AbortController();
    const stream = open().request({ ':path': '/stall?after=10' }, { signal: controller.signal });
    stream.on('data', () => controller.abort());
    return outcome(settle(stream));
  },
  'request closed in the middle of its body': (): Promise<ExitReport> => {
    const stream = open().request({ ':path': '/bytes?length=4000000' });
    stream.once('data', () => stream.close());
    return outcome(settle(stream));
  },
  'refused or silent address': () => outcome(fetchBytes(open({ connectTimeout: 300 }))),
  'silent address without connectTimeout': () => outcome(fetchBytes(open({ connectTimeout: 0, idleTimeout: 300 }))),
  'name that cannot be resolved': () => {
    const error = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    return outcome(fetchBytes(open({ lookup: (_host, _options, callback) => callback(error, []) })));
  },
  'server closes with an error': () => outcome(fetchBytes(open(), { ':path': '/close?after=10&code=0x102' })),
  'server is killed': () => {
    const stream = open({ idleTimeout: 500 }).request({ ':path': '/stall?after=10' });
    stream.once('data', () => process.kill(input.serverPid, 'SIGKILL'));
    return outcome(settle(stream));
  },
  'server hangs': () => {
    const stream = open({ idleTimeout: 500 }).request({ ':path': '/stall?after=10' });
    stream.once('data', () => process.kill(input.serverPid, 'SIGSTOP'));
    return outcome(settle(stream));
  },
  'timeouts of the request': () => outcome(fetchBytes(open(), { ':path': '/stall' }, { headersTimeout: 100 })),
  /** Only the request keeps the process alive until its late answer. */
  'slow answer': () => outcome(fetchBytes(open(), { ':path': '/slow-writer?count=3&length=10&interval=200' })),
} satisfies Record<string, () => Promise<ExitReport>>;

SCENES[input.scene]().then(report);
