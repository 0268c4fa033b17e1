import { type ClientHttp3Session, type ConnectionInfo, type ConnectOptions, connect } from '../../src/index.js';
import { loadAddon } from '../../src/native.js';
import { type Settlement, settle } from './settlement.js';
import { waitUntil } from './wait-until.js';

/** One connection from its beginning to its end. */
export interface Visit {
  readonly info: ConnectionInfo;
  /** The response to the request. */
  readonly response: Settlement;
  /** The request was sent in 0-RTT, and that was accepted. */
  readonly sentEarly: boolean;
}

/**
 * Connects, sends a GET, when that is answered another one, and closes. Whoever shares the token store can resume then, even
 * if this connection was resumed: by the second answer the handshake is confirmed and its ticket there.
 *
 * @returns facts of the connection and its first request
 * @throws Error if a request fails
 */
export async function visit(origin: string, options: ConnectOptions): Promise<Visit> {
  const session = connect(origin, options);
  try {
    const connected = connectionInfo(session);
    const stream = session.request();
    let sentEarly = false;
    stream.on('end', () => {
      sentEarly = stream.sentEarly;
    });
    const response = await settle(stream);
    if (response.error !== undefined) throw response.error;
    const info = await connected;
    const { error } = await settle(session.request());
    if (error !== undefined) throw error;
    return { info, response, sentEarly };
  } finally {
    await session.close();
  }
}

/** Waits until no connection of this process is left: each lives on for a while after its session, to repeat a lost close. */
export function connectionsDrained(): Promise<boolean> {
  return waitUntil('connections to drain', () => loadAddon().counters().connections === 0);
}

/** Facts of the next connection that is established. @throws the error if none can be made */
export function connectionInfo(session: ClientHttp3Session): Promise<ConnectionInfo> {
  return new Promise((resolve, reject) => {
    session.once('connect', resolve);
    session.once('connectionError', reject);
  });
}
