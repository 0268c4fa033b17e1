/** 1,000,000 WebTransport datagrams as fast as they are taken: the event loop goes on, and every one of them is accounted for. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { withTransport } from './webtransport-pair.mjs';

const BYTES = 1000;
const NANOSECONDS_PER_MS = 1e6;
/** Old datagrams are dropped rather than sent, so that all ways to end occur. */
const MAX_AGE_MS = 5;
/** The last ones are acknowledged, or given up, within a few probe timeouts (RFC 9002 6.2). */
const SETTLE_STEP_MS = 100;
const SETTLE_STEPS = 100;

/**
 * @param {import('../../src/webtransport.js').WebTransport} transport
 * @param {number} count
 */
async function sendAll({ datagrams }, count) {
  const writer = datagrams.createWritable().getWriter();
  const datagram = new Uint8Array(BYTES);
  for (let left = count; left > 0; left -= 1) {
    await writer.ready;
    void writer.write(datagram);
  }
  await writer.close();
}

/**
 * @param {object} options
 * @param {number} options.datagrams
 * @param {(line: string) => void} options.say
 * @throws {Error} if the counts do not add up, or the event loop stood still
 */
export async function webTransportDatagrams({ datagrams, say }) {
  await withTransport(async (transport, server) => {
    transport.datagrams.outgoingMaxAge = MAX_AGE_MS;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 1);
    delay.enable();
    const began = performance.now();
    await sendAll(transport, datagrams);
    const seconds = (performance.now() - began) / 1000;
    delay.disable();
    clearInterval(ticking);
    const longest = (delay.max / NANOSECONDS_PER_MS).toFixed(1);
    say(`${datagrams} datagrams taken in ${seconds.toFixed(1)} s, ${Math.round(datagrams / seconds)} a second`);
    say(`timers ran ${turns} times meanwhile; the longest turn of the event loop took ${longest} ms`);
    const account = await settle(transport, server, datagrams);
    const { expired, lost, received, dropped, expiredThere } = account;
    say(
      `client: ${expired} expired unsent, ${lost} lost; server: ${received} received, ${dropped} dropped, ${expiredThere} expired`,
    );
    const total = sum(account);
    say(`together ${total} of ${datagrams}`);
    if (total !== datagrams) throw new Error(`${datagrams - total} datagrams are not accounted for`);
    if (turns === 0) throw new Error('the event loop stood still');
  });
}

/** @param {{ expired: number, lost: number, received: number, dropped: number, expiredThere: number }} account */
const sum = ({ expired, lost, received, dropped, expiredThere }) => expired + lost + received + dropped + expiredThere;

/**
 * Waits for the last ones.
 *
 * @param {import('../../src/webtransport.js').WebTransport} transport
 * @param {import('../../test/support/child-module.js').ChildModule<import('./webtransport-server.js').WebTransportServerFunctions>} server
 * @param {number} datagrams
 */
async function settle(transport, server, datagrams) {
  for (let step = 1; ; step += 1) {
    const { expiredOutgoing = 0, lostOutgoing = 0 } = (await transport.getStats()).datagrams;
    const { received, dropped, expired: expiredThere } = await server.call('datagrams');
    const account = { expired: expiredOutgoing, lost: lostOutgoing, received, dropped, expiredThere };
    if (sum(account) === datagrams || step === SETTLE_STEPS) return account;
    await sleep(SETTLE_STEP_MS);
  }
}
