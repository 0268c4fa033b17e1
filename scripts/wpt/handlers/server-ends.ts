/** The server's side ends something: the session, the connection or a stream. */
import { http3ToApplicationCode } from '../../../src/stream/webtransport/error-codes.js';
import { WebTransportError } from '../../../src/webtransport/index.js';
import { forEachIncoming, type Handler, required, untilClientEnds } from './handler.js';

/** Closes at once, with the query's `code` and `reason` if they are given. */
export const serverClose: Handler = ({ request, query }) => {
  const session = request.accept();
  const code = query.get('code');
  if (code === null) session.close();
  else session.close({ closeCode: Number(code), reason: query.get('reason') ?? '' });
};

/** Opens a stream, and does something when the first bytes come on it. */
function onFirstBytes(end: (context: Parameters<Handler>[0], session: ServerSession) => void): Handler {
  return async (context) => {
    const session = context.request.accept();
    const { readable } = await session.createBidirectionalStream();
    await untilClientEnds(readable.getReader().read());
    end(context, session);
  };
}

type ServerSession = ReturnType<Parameters<Handler>[0]['request']['accept']>;

export const serverReadThenClose = onFirstBytes((_, session) => session.close());

/** Ends the QUIC connection, which says nothing about its sessions. */
export const serverConnectionClose = onFirstBytes(({ request }) => request.session.destroy());

/** Refuses and resets each stream of the client with the HTTP/3 code that the query gives, when its first bytes come. */
export const abortStreamFromServer: Handler = ({ request, query }) => {
  const streamErrorCode = http3ToApplicationCode(Number(required(query, 'code'))) ?? null;
  const session = request.accept();
  const abort = async (readable: ReadableStream, writable?: WritableStream) => {
    const reader = readable.getReader();
    await untilClientEnds(reader.read());
    const error = new WebTransportError('', { streamErrorCode });
    await untilClientEnds(Promise.all([reader.cancel(error), writable?.abort(error)]));
  };
  void forEachIncoming(session.incomingUnidirectionalStreams, (readable) => void abort(readable));
  void forEachIncoming(
    session.incomingBidirectionalStreams,
    ({ readable, writable }) => void abort(readable, writable),
  );
};
