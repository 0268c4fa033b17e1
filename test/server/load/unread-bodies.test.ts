import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ClientHttp3Session, ClientHttp3Stream } from '../../../src/index.js';
import { ChildModule } from '../../support/child-module.js';
import { openSession } from '../../support/client.js';
import { patternBytes, patternDigest } from '../../support/pattern.js';
import { fetchBytes, settle } from '../../support/settlement.js';
import { testIdentity } from '../support/served.js';
import type { HandlerApi, UnreadBodiesFunctions } from './unread-bodies-child.js';

const MIB = 2 ** 20;
const BODY = 256 * MIB;
const WHOLE = patternDigest(BODY);
/** By so much may the server's memory grow for a body that waits. */
const GROWTH = 16 * MIB;
/** A whole number of the pattern's periods. */
const PIECE = 251 * 1024;
/** Nothing moved for so long: the sender is stopped. */
const STILL_MS = 500;
const REQUESTS_MEANWHILE = 20;

interface Site {
  readonly child: ChildModule<UnreadBodiesFunctions>;
  connect(): ClientHttp3Session;
}

async function start(api: HandlerApi): Promise<Site> {
  const identity = await testIdentity();
  const { keyPem: key, certPem: cert } = identity.certificate;
  const module = new URL('./unread-bodies-child.ts', import.meta.url);
  const child = await ChildModule.start<UnreadBodiesFunctions>(module, { api, options: { key, cert } });
  onTestFinished(() => child.stop());
  const origin = `https://127.0.0.1:${await child.call('port')}`;
  return { child, connect: () => openSession(origin, identity) };
}

/** Waits until a count does not grow any more. */
async function standsStill(count: () => number | Promise<number>): Promise<number> {
  for (let before = -1; ; ) {
    const now = await count();
    if (now === before) return now;
    before = now;
    await sleep(STILL_MS);
  }
}

async function writeBody(stream: ClientHttp3Stream, length: number): Promise<void> {
  const piece = patternBytes(PIECE);
  for (let left = length; left > 0; left -= PIECE) {
    const more = stream.write(piece.subarray(0, Math.min(PIECE, left)));
    if (!more) await new Promise((resolve) => stream.once('drain', resolve));
  }
  stream.end();
}

/** On the same connection and on another one. */
async function othersAreServed({ connect }: Site, session: ClientHttp3Session): Promise<void> {
  const other = connect();
  for (let count = 0; count < REQUESTS_MEANWHILE; count += 1) {
    for (const each of [session, other]) {
      const { body, error } = await fetchBytes(each, { ':path': '/at-once' });
      expect([body.toString(), error]).toEqual(['at once', undefined]);
    }
  }
}

describe.each(['stream', 'compat'] as const)('with the %s API', (api) => {
  it('a handler that does not read 256 MiB stops the client, and then gets every byte', async () => {
    const site = await start(api);
    const session = site.connect();
    await fetchBytes(session, { ':path': '/at-once' });
    await site.child.call('watchMemory');

    const stream = session.request({ ':method': 'POST', ':path': '/upload' });
    const settled = settle(stream);
    const written = writeBody(stream, BODY);
    expect(await standsStill(() => stream.bytesWritten)).toBeLessThan(GROWTH);
    await othersAreServed(site, session);
    expect(await site.child.call('growth')).toBeLessThan(GROWTH);

    await site.child.call('readUpload');
    await written;
    const { body, error } = await settled;
    expect([error, JSON.parse(body.toString())]).toEqual([undefined, WHOLE]);
  });

  it('a client that does not read 256 MiB stops the handler, and then gets every byte', async () => {
    const site = await start(api);
    const session = site.connect();
    await fetchBytes(session, { ':path': '/at-once' });
    await site.child.call('watchMemory');

    const stream = session.request({ ':path': `/download/${BODY}` });
    const progress = () => site.child.call('download');
    await new Promise((resolve) => stream.once('response', resolve));
    expect(await standsStill(async () => (await progress()).written)).toBeLessThan(GROWTH);
    const { refused, drained } = await progress();
    expect(refused).toBe(drained + 1);
    await othersAreServed(site, session);
    expect(await site.child.call('growth')).toBeLessThan(GROWTH);

    const { error, bytes, sha256 } = await settle(stream);
    expect([error, { bytes, sha256 }]).toEqual([undefined, WHOLE]);
    const after = await progress();
    expect(after.refused).toBe(after.drained);
  });
});
