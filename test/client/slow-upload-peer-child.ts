/** Uploads a large body to a server that does not read it yet, while other requests run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientHttp3Session, connect } from '../../src/index.js';
import { ResidentSampler, residentBytes } from '../support/memory.js';
import { serveChildModule } from '../support/serve-child-module.js';
import { fetchBytes, type Settlement, settle } from '../support/settlement.js';
import { generateBody } from '../support/site-files.js';

export interface SlowUploadInput {
  readonly origin: string;
  readonly ca: string;
  readonly uploadPath: string;
  readonly otherPath: string;
  readonly uploadBytes: number;
  /** Give the body as an iterable, or write it to the request stream. */
  readonly how: 'iterable' | 'write';
}

export interface SlowUploadFunctions {
  /** Waits, makes other requests meanwhile, and tells how things stand. */
  readonly stand: (waitMs: number, otherRequests: number) => Promise<SlowUploadStanding>;
  /** To be called when the server reads: what it answered. */
  readonly finish: () => Promise<{ readonly status: number | undefined; readonly body: string }>;
}

export interface SlowUploadStanding {
  readonly othersCompleted: number;
  /** Highest resident set so far less that before the upload. */
  readonly growthBytes: number;
  /** Taken from the source of the body so far. */
  readonly produced: number;
}

serveChildModule<SlowUploadInput, SlowUploadFunctions>(async (input) => {
  const session = connect(input.origin, { ca: input.ca });
  await fetchBytes(session, { ':path': input.otherPath });
  await residentBytes();
  const sampler = new ResidentSampler();
  let produced = 0;
  function* source(): Generator<Buffer> {
    for (const block of generateBody(input.uploadBytes)) {
      produced += block.length;
      yield block;
    }
  }
  const settled = upload(session, input, source());
  return {
    stand: async (waitMs, otherRequests) => {
      const waited = sleep(waitMs);
      const others = await Promise.all(
        Array.from({ length: otherRequests }, () => fetchBytes(session, { ':path': input.otherPath })),
      );
      await waited;
      sampler.stop();
      const othersCompleted = others.filter(({ headers, error }) => headers?.[':status'] === 200 && !error).length;
      return { othersCompleted, growthBytes: sampler.growthBytes, produced };
    },
    finish: async () => {
      const { headers, body, error } = await settled;
      if (error !== undefined) throw error;
      await session.close();
      return { status: headers?.[':status'], body: body.toString() };
    },
  };
});

function upload(session: ClientHttp3Session, input: SlowUploadInput, source: Iterable<Buffer>): Promise<Settlement> {
  const headers = { ':method': 'PUT', ':path': input.uploadPath, 'content-length': input.uploadBytes };
  if (input.how === 'iterable') return fetchBytes(session, headers, { body: source });
  const stream = session.request(headers);
  void (async () => {
    for (const block of source) {
      if (!stream.write(block)) await new Promise((resolve) => stream.once('drain', resolve));
    }
    stream.end();
  })();
  return settle(stream);
}
