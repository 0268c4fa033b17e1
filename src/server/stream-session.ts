import type { NeqoHttp3Server } from '../native-server.js';
import type { ServerWork } from '../session/http3-server-driver.js';
import type { SectionLimits } from './request-section.js';
import type { ServerHttp3Session } from './server-types.js';

/** What a stream needs of its session. */
export interface StreamSession extends ServerHttp3Session {
  /** The engine; only inside an entry point. @throws NeqoReentryError elsewhere */
  readonly engine: NeqoHttp3Server;
  /** The engine's handle of the connection. */
  readonly handle: number;
  /** The last `readData` reached the stream's end. */
  readonly fin: boolean;
  /** Add a Date field to responses. */
  readonly sendDate: boolean;
  /** Of trailer sections. */
  readonly limits: SectionLimits;
  /** Has `work` run in the coming turn, unless the connection has ended by then. */
  queue(work: ServerWork): void;
  /** Passes a result of the engine on. @throws NativeError if the engine is of no more use */
  check(result: number, call: string): number;
  /** The request is complete, or nobody waits for the rest of it. */
  requestEnded(streamId: number): void;
  /** The stream has ended for its user. */
  streamClosed(streamId: number): void;
}
