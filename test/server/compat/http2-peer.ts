import { once } from 'node:events';
import { type ClientHttp2Session, connect, createSecureServer, type OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { ClientHttp3Stream } from '../../../src/index.js';
import type { ServerHttp3Stream, StreamListener } from '../../../src/server/server-types.js';
import { makeIdentity } from '../../support/client.js';
import { type Settlement, settle } from '../../support/settlement.js';

/** A client's request stream: what HTTP/2's and HTTP/3's have in common. */
export interface PeerStream extends Duplex {
  close(code?: number): void;
  readonly rstCode: number | undefined;
}

/** A server with a listener under test, and one client session to it. */
export interface Peer {
  request(headers?: OutgoingHttpHeaders): PeerStream;
  /** The client goes away, with all of its requests. */
  drop(): void;
  /** A request that ends with trailers; undefined if the client has no such thing. */
  requestWithTrailers?(headers: OutgoingHttpHeaders, trailers: OutgoingHttpHeaders): PeerStream;
  /** Sends a request with all of its body, and watches it to its end. */
  fetch(headers?: OutgoingHttpHeaders, body?: string | Buffer): Promise<Settlement>;
}

/** Serves over node:http2, whose streams have the API of ours. Ends with the test. */
export async function openHttp2Peer(listener: StreamListener): Promise<Peer> {
  const { ca, certificate } = await makeIdentity();
  const server = createSecureServer({ key: certificate.keyPem, cert: certificate.certPem });
  server.on('stream', (stream, headers, flags, rawHeaders: string[] = []) => {
    listener(stream as unknown as ServerHttp3Stream, headers, flags, rawHeaders);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const session: ClientHttp2Session = connect(`https://127.0.0.1:${port}`, { ca });
  session.on('error', () => {});
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  const peer: Peer = {
    request: (headers = {}) => {
      const hasBody = !['GET', 'HEAD', undefined].includes(headers[':method']?.toString());
      return session.request(headers, { endStream: !hasBody });
    },
    drop: () => session.destroy(),
    requestWithTrailers: (headers, trailers) => {
      const stream = session.request(headers, { waitForTrailers: true });
      return stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    },
    fetch: (headers, body) => {
      const stream = peer.request(headers);
      if (stream.writable) stream.end(body);
      return settleStream(stream);
    },
  };
  return peer;
}

/** See `settle`: the events of both kinds of client stream have the same names. */
export function settleStream(stream: PeerStream): Promise<Settlement> {
  return settle(stream as unknown as ClientHttp3Stream);
}
