import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { waitUntil } from '../support/wait-until.js';
import { DEMO } from './serve-process.js';

const CHAT_CLIENT = fileURLToPath(new URL('../../examples/webtransport/chat-client.mjs', import.meta.url));
const LAST_LINE_OF_INSTRUCTIONS = 'Ctrl-C ends it.\n';

const INTERVAL_MS = 20;
const DEADLINE_MS = 20_000;

/** Waits until a browser, which is asked again and again, says yes. @throws Error that names what was waited for, after 20 s */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const giveUp = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > giveUp) throw new Error(`waited in vain for ${what}`);
    await sleep(INTERVAL_MS);
  }
}

/** A program under test. It ends with the test. */
export interface Program {
  readonly child: ChildProcess;
  /** Standard output and error so far. */
  output(): string;
  /** Waits for a text in it. @throws Error if it ends without */
  printed(text: string): Promise<unknown>;
  /** Settles with exit code and signal, when all output is there. */
  readonly closed: Promise<unknown[]>;
}

function start(args: readonly string[]): Program {
  const child = spawn(process.execPath, args, { stdio: 'pipe' });
  const closed = once(child, 'close');
  let ended = false;
  void closed.then(() => {
    ended = true;
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return {
    child,
    output: () => output,
    printed: (text) =>
      waitUntil(`'${text}'`, () => {
        if (!output.includes(text) && ended) throw new Error(`no '${text}' in\n${output}`);
        return output.includes(text);
      }),
    closed,
  };
}

/** `npm run demo -- webtransport`, as a user runs it, when it serves the page. */
export interface WebTransportDemo extends Program {
  readonly page: string;
  /** Of the sessions. */
  readonly url: string;
  /** Of the certificate, in hex. */
  readonly sha256: string;
}

/** The same, from its beginning on. */
export function startDemo(args: readonly string[] = []): Program {
  return start([DEMO, 'webtransport', '--port', '0', ...args]);
}

/** @throws Error with its output if it does not start */
export async function startWebTransportDemo(args: readonly string[] = []): Promise<WebTransportDemo> {
  const program = startDemo(args);
  await program.printed(LAST_LINE_OF_INSTRUCTIONS);
  const output = program.output();
  const [, url = ''] = /sessions +(https:\S+)\/echo/.exec(output) ?? [];
  const [, sha256 = ''] = /SHA-256 +(\w{64})\n/.exec(output) ?? [];
  const [, page = ''] = /^ {2}(https?:\S+\/)$/m.exec(output) ?? [];
  return { ...program, page, url, sha256 };
}

/** `examples/webtransport/chat-client.mjs`, connected. @param name that nobody has yet */
export async function startChatClient(
  { url, sha256 }: Pick<WebTransportDemo, 'url' | 'sha256'>,
  name: string,
): Promise<Program> {
  const program = start([CHAT_CLIENT, `${url}/chat`, sha256, name]);
  await program.printed(`${name} has joined\n`);
  return program;
}
