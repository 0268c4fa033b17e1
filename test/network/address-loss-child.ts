/**
 * Runs in a network namespace of its own, which it is the client in: makes another for the server, joins them with two links, and
 * takes the client's address away in the midst of things. Says on standard output what came of it.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nodeArgumentsFor } from '../support/child-module.js';
import { patternBytes } from '../support/pattern.js';
import { PeerProcess } from '../support/peer-process.js';
import { waitUntil } from '../support/wait-until.js';
import { LiveSession } from './live-session.js';

const SERVER = '192.0.2.1';
const SIZE = 64 * 1024 * 1024;
const PART = SIZE / 8;
const DEADLINE_MS = 30_000;

/** What is told of a scenario. */
export interface Outcome {
  readonly before: string;
  readonly after: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly error: string | null;
  /** Of the server, at the end. */
  readonly server: { readonly connections: number; readonly remoteAddress: string; readonly remotePort: number };
  readonly localPort: number;
}

/** Starts a program and waits for its first line. */
async function startPeer(file: string, args: readonly string[]): Promise<{ peer: PeerProcess; line: string }> {
  let onLine: (line: string) => void = () => undefined;
  const first = new Promise<string>((resolve) => {
    onLine = resolve;
  });
  const peer = new PeerProcess(file, args, { onLine: (line) => onLine(line) });
  let line = '';
  await peer.expect(
    'should say something',
    first.then((text) => {
      line = text;
    }),
    DEADLINE_MS,
  );
  return { peer, line };
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** The client's side of a link; the preferred way to the server is the link with the lowest number. */
function addAddress(link: number, host: number): void {
  ip('addr', 'add', `10.0.${link}.${host}/24`, 'dev', `client${link}`);
  ip('route', 'add', SERVER, 'via', `10.0.${link}.254`, 'metric', String(link));
}

function removeAddress(link: number, host: number): void {
  // With the last address of a link go the routes over it.
  ip('addr', 'del', `10.0.${link}.${host}/24`, 'dev', `client${link}`);
}

const { peer: holder } = await startPeer('unshare', ['--net', 'sh', '-c', 'echo up && exec sleep infinity']);
const inServer = ['nsenter', `--net=/proc/${holder.pid}/ns/net`, '--'];
function serverIp(...args: readonly string[]): void {
  execFileSync('nsenter', [...inServer.slice(1), 'ip', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}
ip('link', 'set', 'lo', 'up');
serverIp('link', 'set', 'lo', 'up');
serverIp('addr', 'add', `${SERVER}/32`, 'dev', 'lo');
for (const link of [1, 2]) {
  ip('link', 'add', `client${link}`, 'type', 'veth', 'peer', 'name', `server${link}`, 'netns', String(holder.pid));
  serverIp('addr', 'add', `10.0.${link}.254/24`, 'dev', `server${link}`);
  serverIp('link', 'set', `server${link}`, 'up');
  ip('link', 'set', `client${link}`, 'up');
}
const serverModule = fileURLToPath(new URL('./address-loss-server.ts', import.meta.url));
const { peer: server, line: port } = await startPeer('nsenter', [
  ...inServer.slice(1),
  process.execPath,
  ...nodeArgumentsFor(serverModule),
  serverModule,
  SERVER,
]);

/** Takes the address away, and says what there is instead. */
const CHANGES: Readonly<Record<string, () => Promise<void>>> = {
  'another link is there': async () => {
    removeAddress(1, 1);
  },
  'another address comes later': async () => {
    removeAddress(1, 1);
    // Long enough for the client to have tried in vain.
    await new Promise((resolve) => setTimeout(resolve, 700));
    addAddress(1, 2);
  },
};

const [change = '', activity = ''] = process.argv.slice(2);
addAddress(1, 1);
if (change === 'another link is there') addAddress(2, 1);
const live = await LiveSession.open(Number(port), { host: SERVER, serverName: SERVER, idleTimeout: 20_000 });
await live.transfer('/whoami').done;
const before = live.localAddress;
const upload = activity === 'upload';
let transfer =
  activity === 'nothing'
    ? undefined
    : live.transfer(upload ? '/digest' : `/bytes?length=${SIZE}`, upload ? patternBytes(SIZE) : undefined);
await waitUntil(
  'the transfer to be under way',
  () => (transfer?.received ?? SIZE) > PART || (transfer?.sent ?? SIZE) > PART,
);
await CHANGES[change]?.();
if (transfer === undefined) {
  await waitUntil('the connection to move', () => live.localAddress !== before);
  transfer = live.transfer(`/bytes?length=${SIZE}`);
}
const { bytes, sha256, text, error } = await transfer.done;
const whoami = await live.transfer('/whoami').done;
const outcome: Outcome = {
  before,
  after: live.localAddress,
  ...(upload && error === undefined ? (JSON.parse(text) as { bytes: number; sha256: string }) : { bytes, sha256 }),
  error: error?.message ?? null,
  server: JSON.parse(whoami.text || '{}') as Outcome['server'],
  localPort: live.localPort,
};
process.stdout.write(`${JSON.stringify(outcome)}\n`);
live.destroy();
await server.stop();
await holder.stop();
