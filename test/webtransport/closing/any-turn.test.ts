import { describe, expect, it, onTestFinished } from 'vitest';
import type { WebTransportRequest, WebTransportServerSession } from '../../../src/server/index.js';
import type { WebTransport } from '../../../src/webtransport.js';
import { WebTransportError } from '../../../src/webtransport.js';
import { type ServedTransports, serveTransports } from '../client/support/opened.js';
import { Ledger } from './ledger.js';
import { afterTheEnd, watchEarly } from './moments.js';

/** Turns of the event loop from the constructor to beyond the first streams. */
const TURNS = 60;
const STEP = 3;

interface Scene extends ServedTransports {
  readonly transport: WebTransport;
  readonly requests: readonly WebTransportRequest[];
  readonly sessions: readonly WebTransportServerSession[];
}

const abort = new WebTransportError('enough', { streamErrorCode: 5 });

/** Streams of the client that it breaks off, one way or the other; then the session. */
function abortAll(transport: WebTransport): void {
  for (const bidirectional of [true, false]) {
    const broken = bidirectional ? transport.createBidirectionalStream() : transport.createUnidirectionalStream();
    broken
      .then(async (stream) => {
        const writable = 'writable' in stream ? stream.writable : stream;
        if ('readable' in stream) await stream.readable.cancel(abort);
        await writable.abort(abort);
        transport.close();
      })
      .catch(() => transport.close());
  }
}

const CAUSES: readonly (readonly [string, (scene: Scene) => unknown])[] = [
  ['the client closes', ({ transport }) => transport.close({ closeCode: 1, reason: 'x' })],
  ['the client breaks its streams off', ({ transport }) => abortAll(transport)],
  ['the server closes', ({ sessions, transport }) => (sessions[0] ?? transport).close({ closeCode: 2 })],
  [
    'the server destroys the connection',
    ({ requests, transport }) => requests[0]?.session.destroy() ?? transport.close(),
  ],
  ['the server is destroyed', ({ server }) => server.destroy()],
  [
    'both close at once',
    ({ transport, sessions }) => {
      transport.close();
      sessions[0]?.close();
    },
  ],
];

function watchedServerSession(request: WebTransportRequest, ledgers: Ledger[]): WebTransportServerSession {
  const session = request.accept();
  const ledger = new Ledger();
  ledgers.push(ledger);
  watchEarly(session, ledger);
  return session;
}

describe.each(CAUSES)('%s', (_, bringAbout) => {
  it('in any turn: every promise of both ends settles, and nothing is unhandled', { timeout: 60_000 }, async () => {
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    onTestFinished(() => void process.off('unhandledRejection', onUnhandled));
    for (let turns = 0; turns < TURNS; turns += STEP) {
      const requests: WebTransportRequest[] = [];
      const sessions: WebTransportServerSession[] = [];
      const ledgers = [new Ledger()];
      const served = await serveTransports((request) => {
        requests.push(request);
        sessions.push(watchedServerSession(request, ledgers));
      });
      const transport = served.open();
      watchEarly(transport, ledgers[0] as Ledger);
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      bringAbout({ ...served, transport, requests, sessions });
      await transport.closed.catch(() => undefined);
      for (const session of sessions) await session.closed.catch(() => undefined);
      for (const [index, end] of [transport, ...sessions].entries()) {
        const ledger = ledgers[index] as Ledger;
        afterTheEnd(end, ledger);
        const { draining: _draining, ...outcomes } = await ledger.outcomes();
        expect(Object.entries(outcomes).filter(([, outcome]) => outcome === 'pending')).toEqual([]);
        expect(outcomes['afterwards createBidirectionalStream']).toBe('InvalidStateError');
      }
    }
    expect(unhandled).toEqual([]);
  });
});
