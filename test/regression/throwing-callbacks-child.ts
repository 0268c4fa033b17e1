/** Throws in callbacks of its own, in one place after another, and reports what came of it. */
import type { EventEmitter } from 'node:events';
import { type ClientHttp3Stream, connect, type LookupFunction, type TokenStore } from '../../src/index.js';
import { report, scenarioInput } from '../support/scenario.js';
import { waitUntil } from '../support/wait-until.js';

export interface Input {
  readonly origin: string;
  readonly ca: string;
  /** Each `stream NAME` or `session NAME`, of the event whose listener throws; or what throws instead. */
  readonly places: readonly string[];
}

/** How a request ended. */
interface End {
  /** Of its error. */
  readonly code?: string;
  readonly bytes: number;
  /** 'close' events. */
  readonly closes: number;
}

export interface Report {
  readonly place: string;
  /** Messages of uncaught exceptions. */
  readonly uncaught: readonly string[];
  /** The request whose callback threw. */
  readonly offender: End;
  /** Another one on the same session. */
  readonly other: End;
  readonly tokenStoreErrors: number;
}

/** A path whose request makes the event happen; '/interim' for the rest. */
const PATHS: Readonly<Record<string, string>> = { trailers: '/trailers', error: '/reset' };

const uncaught: string[] = [];
process.on('uncaughtException', (error) => uncaught.push(error.message));

function watch(stream: ClientHttp3Stream): () => End {
  const end: { code?: string; bytes: number; closes: number } = { bytes: 0, closes: 0 };
  stream.on('data', (chunk) => {
    end.bytes += chunk.length;
  });
  stream.on('error', (error) => {
    end.code = 'code' in error ? String(error.code) : error.message;
  });
  stream.on('close', () => {
    end.closes += 1;
  });
  return () => end;
}

async function throwIn(origin: string, ca: string, place: string): Promise<Report> {
  const failIf = (here: string): void => {
    if (place === here) throw new Error(place);
  };
  const lookup: LookupFunction = (_host, _options, callback) => {
    failIf('lookup');
    callback(null, [{ address: '127.0.0.1', family: 4 }]);
  };
  const tokenStore: TokenStore = {
    take: () => {
      failIf('take');
      return undefined;
    },
    put: () => failIf('put'),
  };
  const session = connect(origin, { ca, lookup, tokenStore });
  let tokenStoreErrors = 0;
  session.on('tokenStoreError', () => {
    tokenStoreErrors += 1;
  });
  const [what, name = ''] = place.split(' ');
  if (what === 'session') (session as EventEmitter).on(name, () => failIf(place));

  const otherStream = session.request({ ':path': '/slow-writer?count=10&length=100&interval=10' });
  const other = watch(otherStream);
  const body = {
    async *[Symbol.asyncIterator]() {
      yield 'a body';
      failIf('body');
    },
  };
  const stream = session.request({ ':method': 'POST', ':path': PATHS[name] ?? '/interim' }, { body });
  const offender = watch(stream);
  if (what === 'stream') stream.on(name, () => failIf(place));

  await waitUntil('the other request to close', () => otherStream.closed);
  // Node itself does not close a stream whose 'end' or 'error' listener throws.
  await waitUntil('the request to end', () => stream.closed || stream.readableEnded || stream.errored !== null);
  await session.close();
  return { place, uncaught: uncaught.splice(0), offender: offender(), other: other(), tokenStoreErrors };
}

const { origin, ca, places } = scenarioInput<Input>();
const reports: Report[] = [];
for (const place of places) reports.push(await throwIn(origin, ca, place));
report(reports);
