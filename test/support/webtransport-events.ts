import { waitUntil } from './wait-until.js';

/** How a session ended: code and reason of the capsule; the code is null if there was none. */
export interface PeerClosure {
  readonly code: number | null;
  readonly reason: string;
  readonly remote: boolean;
}

/** What the servers report, one object for each; `test/webtransport/peers/README.md` explains them. */
export type WebTransportPeerEvent =
  | { readonly event: 'request'; readonly path: string; readonly protocol: string }
  | { readonly event: 'settings'; readonly settings: Readonly<Record<string, number>> }
  | { readonly event: 'session'; readonly path: string; readonly protocol?: string }
  | { readonly event: 'refused'; readonly error: string }
  | { readonly event: 'reset' | 'stop'; readonly code: number | null }
  | { readonly event: 'received'; readonly bytes: number; readonly sha256: string }
  | { readonly event: 'closed'; readonly closure: PeerClosure }
  | { readonly event: 'refused-stream'; readonly what: 'reset' | 'stop'; readonly code: number }
  | { readonly event: 'terminated'; readonly code: number };

export type EventName = WebTransportPeerEvent['event'];
export type EventOf<Name extends EventName> = Extract<WebTransportPeerEvent, { event: Name }>;

/** What a server has reported, in its order. */
export class WebTransportEvents {
  readonly #events: WebTransportPeerEvent[] = [];

  add(event: WebTransportPeerEvent): void {
    this.#events.push(event);
  }

  /** Those of a kind so far. */
  of<Name extends EventName>(name: Name): EventOf<Name>[] {
    return this.#events.filter((event): event is EventOf<Name> => event.event === name);
  }

  /** Waits until there are so many of a kind. @throws Error if they do not come */
  async reported<Name extends EventName>(name: Name, count: number): Promise<EventOf<Name>[]> {
    await waitUntil(`${count} × ${name}`, () => this.of(name).length >= count);
    return this.of(name);
  }
}
