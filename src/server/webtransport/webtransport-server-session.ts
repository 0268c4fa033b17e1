import { WebTransportServerSession as AdoptedSession } from '../../webtransport/server-session.js';
import type { WebTransportRequest } from './webtransport-request.js';

/** A session that the server has accepted: the W3C's WebTransport, with the request for it. */
export type WebTransportServerSession = AdoptedSession<WebTransportRequest>;
export const WebTransportServerSession = AdoptedSession;
