/** Notes under a token how the client ends the session and its streams, and tells who asks. */
import { applicationToHttp3Code } from '../../../src/stream/webtransport/error-codes.js';
import { WebTransportError } from '../../../src/webtransport/index.js';
import { forEachIncoming, type Handler, required, untilClientEnds } from './handler.js';
import type { Stash, StashedEnd } from './stash.js';

export const clientClose: Handler = ({ request, query, stash }) => {
  const token = required(query, 'token');
  const session = request.accept();
  const watch = ({ readable }: { readable: ReadableStream }) => void watchEnd(readable, token, stash);
  void untilClientEnds(session.createBidirectionalStream().then(watch));
  void forEachIncoming(session.incomingBidirectionalStreams, watch);
  void forEachIncoming(session.incomingUnidirectionalStreams, (readable) => watch({ readable }));
  session.closed.then(
    ({ closeCode: code = 0, reason = '' }) => {
      stash.put(token, { 'session-close-info': { abruptly: false, close_info: { code, reason } } });
    },
    () => stash.put(token, { 'session-close-info': { abruptly: true, close_info: null } }),
  );
};

/** A stream that ends because its session does is no event of its own. */
async function watchEnd(readable: ReadableStream, token: string, stash: Stash): Promise<void> {
  const end = await readable.pipeTo(new WritableStream()).then(
    (): StashedEnd => ({ 'stream-close-info': { source: 'FIN' } }),
    (error: unknown): StashedEnd => {
      if (!(error instanceof WebTransportError) || error.source !== 'stream') return {};
      return { 'stream-close-info': { source: 'reset', code: applicationToHttp3Code(error.streamErrorCode ?? 0) } };
    },
  );
  if ('stream-close-info' in end) stash.put(token, end);
}

export const query: Handler = async ({ request, query: parameters, stash }) => {
  const session = request.accept();
  const stream = await session.createUnidirectionalStream();
  const writer = stream.getWriter();
  const end = await stash.take(required(parameters, 'token'));
  void untilClientEnds(writer.write(new TextEncoder().encode(JSON.stringify(end))));
  await untilClientEnds(writer.close());
};
