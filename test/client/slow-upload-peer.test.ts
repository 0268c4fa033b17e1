import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { type Caddy, startCaddy } from '../support/caddy.js';
import { ChildModule } from '../support/child-module.js';
import { makeIdentity, type TestIdentity } from '../support/client.js';
import { OriginServer } from '../support/origin-server.js';
import { bodySha256 } from '../support/site-files.js';
import type { SlowUploadFunctions, SlowUploadInput } from './slow-upload-peer-child.js';

const MIB = 1024 * 1024;
const UPLOAD_BYTES = 256 * MIB;

let identity: TestIdentity;
/** One for each test: what is released stays released. */
let origin: OriginServer;
let caddy: Caddy;

beforeEach(async () => {
  identity = await makeIdentity();
  origin = await OriginServer.start();
  caddy = await startCaddy({
    certificate: identity.certificate,
    files: { small: 1024 },
    routes: [{ path: '/slow-read', proxyTo: origin }],
  });
});

afterEach(async () => {
  await caddy?.stop();
  await origin?.close();
});

it.each(['iterable', 'write'] as const)(
  'a server that does not read stops the upload (%s), not the other requests',
  { timeout: 60_000 },
  async (how) => {
    const input: SlowUploadInput = {
      origin: caddy.origin,
      ca: identity.ca,
      uploadPath: '/slow-read',
      otherPath: '/small',
      uploadBytes: UPLOAD_BYTES,
      how,
    };
    const child = await ChildModule.start<SlowUploadFunctions>(
      new URL('./slow-upload-peer-child.ts', import.meta.url),
      input,
    );
    onTestFinished(() => child.stop());

    const { othersCompleted, growthBytes, produced } = await child.call('stand', 5_000, 100);
    expect(othersCompleted).toBe(100);
    expect(growthBytes).toBeLessThan(32 * MIB);
    // The rest of it waits in the source.
    expect(produced).toBeLessThan(UPLOAD_BYTES / 4);
    expect(await origin.bytesRead()).toBe(0);

    await origin.release();
    const { status, body } = await child.call('finish');
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ bytes: UPLOAD_BYTES, sha256: bodySha256(UPLOAD_BYTES) });
  },
);
