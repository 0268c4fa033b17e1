import type { Origin } from './origin.js';

/** Where the connections to an origin go. SNI and certificate are the origin's in any case (RFC 7838 2.1). */
export interface Route {
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** ECHConfigList of this host and port (RFC 9849). */
  readonly echConfigList?: Uint8Array | undefined;
  /** Value of the Alt-Used field (RFC 7838 5); none if the route is the origin itself. */
  readonly altUsed?: string | undefined;
}

/** Whether two routes lead to the same place. */
export function sameEndpoint(one: Route, other: Route): boolean {
  return one.host === other.host && one.port === other.port;
}

/** The origin itself. */
export function ownRoute({ host, port }: Origin, echConfigList: Uint8Array | undefined): Route {
  return { host, port, echConfigList };
}
