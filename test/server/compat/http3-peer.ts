import type { OutgoingHeaders } from '../../../src/index.js';
import type { StreamListener } from '../../../src/server/server-types.js';
import { serve } from '../support/served.js';
import { type Peer, settleStream } from './http2-peer.js';

/** Serves over HTTP/3 with our server, for our client. Ends with the test. */
export async function openHttp3Peer(listener: StreamListener): Promise<Peer> {
  const { connect } = await serve({}, listener);
  const session = connect();
  const peer: Peer = {
    request: (headers = {}) => session.request(headers as OutgoingHeaders),
    drop: () => session.destroy(),
    fetch: (headers, body) => {
      const stream = peer.request(headers);
      if (stream.writable) stream.end(body);
      return settleStream(stream);
    },
  };
  return peer;
}
