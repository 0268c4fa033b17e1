import type { StreamListener } from '../../../src/server/server-types.js';
import { openHttp2Peer, type Peer } from './http2-peer.js';
import { openHttp3Peer } from './http3-peer.js';

/** The streams that (req, res) and file responses are tested on: both have the API of node:http2. */
export const PEERS: ReadonlyArray<readonly [name: string, open: (listener: StreamListener) => Promise<Peer>]> = [
  ['node:http2', openHttp2Peer],
  ['HTTP/3', openHttp3Peer],
];
