/** Retry, NEW_TOKEN and session tickets, each of which only the process that made them can read. */
import { expect, it, onTestFinished } from 'vitest';
import { MemoryTokenStore } from '../../../src/index.js';
import { ImpairmentRelay } from '../../support/impairment-relay.js';
import { waitUntil } from '../../support/wait-until.js';
import { SharingProcesses, who } from './sharing-processes.js';

const CLIENTS = 12;

/** The client's connection id of an Initial that carries a token (RFC 9000 17.2.2), in hex. */
function clientWithToken(datagram: Buffer): string | undefined {
  if ((datagram.readUInt8(0) & 0xf0) !== 0xc0) return undefined;
  const start = 7 + datagram.readUInt8(5);
  const end = start + datagram.readUInt8(start - 1);
  return datagram.readUInt8(end) === 0 ? undefined : datagram.toString('hex', start, end);
}

it('a client comes back to the process that sent it a Retry', async () => {
  const group = await SharingProcesses.start(1, { retry: 'always' });
  const [first] = group.processes;
  const others = [await group.prepare(2), await group.prepare(3)];
  const held = new Set<string>();
  let open = false;
  const target = { host: '127.0.0.1', port: group.port };
  const relay = await ImpairmentRelay.start(
    { seed: 1, target },
    {
      mutate: (direction, datagram) => {
        const client = open || direction === 'down' ? undefined : clientWithToken(datagram);
        if (client === undefined) return datagram;
        held.add(client);
        return undefined;
      },
    },
  );
  onTestFinished(() => relay.close());
  const answers = Promise.all(Array.from({ length: CLIENTS }, () => who(group.connect(relay.address.port))));
  await waitUntil('all to have got a Retry', () => held.size === CLIENTS);
  // From now on the kernel gives most of what they send to other processes.
  for (const other of others) await other.call('listen', group.port);
  open = true;
  expect(new Set((await answers).map(({ pid }) => pid))).toEqual(new Set([first?.pid]));
  expect((await group.figures()).datagramsForwarded).toBeGreaterThan(0);
});

it.each(['never', 'always'] as const)(
  'a ticket of one process is of no use to another, and does no harm (Retry: %s)',
  async (retry) => {
    const group = await SharingProcesses.start(2, { retry });
    const tokenStore = new MemoryTokenStore();
    const known = new Set<number>();
    let resumed = 0;
    for (let count = 0; count < 30; count += 1) {
      const session = group.connect(undefined, { tokenStore });
      const answer = await who(session);
      if (answer.resumed) {
        resumed += 1;
        expect(known).toContain(answer.pid);
      }
      known.add(answer.pid);
      await session.close();
    }
    expect(known.size).toBe(2);
    expect(resumed).toBeGreaterThan(0);
  },
);
