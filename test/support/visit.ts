import { type ClientHttp3Session, type ConnectionInfo, type ConnectOptions, connect } from '../../src/index.js';
import { type Settlement, settle } from './settlement.js';

/** One connection from its beginning to its end. */
export interface Visit {
  readonly info: ConnectionInfo;
  /** The response to the request. */
  readonly response: Settlement;
  /** The request was sent in 0-RTT, and that was accepted. */
  readonly sentEarly: boolean;
}

/** Connects, sends one GET and closes; whoever shares the token store can resume then. @throws Error if the request fails */
export async function visit(origin: string, options: ConnectOptions, path = '/'): Promise<Visit> {
  const session = connect(origin, options);
  try {
    const connected = connectionInfo(session);
    const stream = session.request({ ':path': path });
    let sentEarly = false;
    stream.on('end', () => {
      sentEarly = stream.sentEarly;
    });
    const response = await settle(stream);
    if (response.error !== undefined) throw response.error;
    return { info: await connected, response, sentEarly };
  } finally {
    await session.close();
  }
}

/** Facts of the next connection that is established. @throws the error if none can be made */
export function connectionInfo(session: ClientHttp3Session): Promise<ConnectionInfo> {
  return new Promise((resolve, reject) => {
    session.once('connect', resolve);
    session.once('connectionError', reject);
  });
}
