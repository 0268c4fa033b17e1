import type { Http3WebTransportSession } from '../stream/webtransport/http3-webtransport-session.js';
import type { WebTransportDatagramsReadableType } from './dictionaries.js';
import { Transport } from './transport.js';
import { WebTransport } from './web-transport.js';
import { defineInterface, forbidConstruction, INTERNAL } from './webidl.js';

interface Adoption<Request> {
  readonly transport: Transport;
  readonly protocol: string;
  readonly request: Request;
}

/** A session that this server has accepted: as on the client, and ready from the beginning. */
export class WebTransportServerSession<Request = unknown> extends WebTransport {
  readonly #transport: Transport;
  readonly #request: Request;

  /** @internal */
  constructor(...parameters: [token: typeof INTERNAL, adoption: Adoption<Request>]) {
    const [token, adoption] = parameters;
    forbidConstruction(token);
    super(INTERNAL, adoption);
    this.#transport = adoption.transport;
    this.#request = adoption.request;
  }

  /** The client's request for it. */
  get request(): Request {
    return this.#request;
  }

  /** Asks the client to come to an end with this session: its `draining` is fulfilled. The session goes on. */
  drain(): undefined {
    this.#transport.drain();
    return undefined;
  }
}
defineInterface(WebTransportServerSession, 'WebTransportServerSession');

export interface AdoptOptions<Request> {
  /** The one of the client's protocols that the server has chosen. */
  readonly protocol: string | undefined;
  readonly request: Request;
  /** Default 'bytes'. */
  readonly datagramsReadableType?: WebTransportDatagramsReadableType;
}

/** The user's object for a session whose 2xx answer is sent. */
export function adoptSession<Request>(
  session: Http3WebTransportSession,
  options: AdoptOptions<Request>,
): WebTransportServerSession<Request> {
  const { protocol = '', request, datagramsReadableType = 'bytes' } = options;
  const transport = new Transport(datagramsReadableType);
  transport.attach(session);
  return new WebTransportServerSession(INTERNAL, { transport, protocol, request });
}
