import type { Http3WebTransportSession } from '../stream/webtransport/http3-webtransport-session.js';
import type { Http3WebTransportStream } from '../stream/webtransport/http3-webtransport-stream.js';
import { type ConvertedStreamOptions, engineOrder, groupState } from './send-options.js';

/** A stream that was asked for and is not there yet. */
interface PendingStream {
  readonly bidirectional: boolean;
  readonly options: ConvertedStreamOptions;
  readonly opened: (stream: Http3WebTransportStream) => void;
  readonly reject: (error: unknown) => void;
  giveUp: (() => void) | undefined;
}

/** Streams that were asked for: before the session is ready, and while the peer's limit does not allow more. */
export class PendingStreams {
  readonly #pending = new Set<PendingStream>();
  #session: Http3WebTransportSession | undefined;
  #over = false;

  /**
   * Rejects with QuotaExceededError at the peer's limit, and with InvalidStateError when the session ends first.
   *
   * @param make called in the turn that opens the stream, so that nothing that happens to it is missed
   */
  open<T>(
    bidirectional: boolean,
    options: ConvertedStreamOptions,
    make: (stream: Http3WebTransportStream) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const opened = (stream: Http3WebTransportStream): void => resolve(make(stream));
      const pending: PendingStream = { bidirectional, options, opened, reject, giveUp: undefined };
      this.#pending.add(pending);
      if (this.#session !== undefined) this.#ask(this.#session, pending);
    });
  }

  attach(session: Http3WebTransportSession): void {
    if (this.#over) return;
    this.#session = session;
    for (const pending of this.#pending) this.#ask(session, pending);
  }

  end(): void {
    this.#over = true;
    const all = [...this.#pending];
    this.#pending.clear();
    for (const { giveUp, reject } of all) {
      giveUp?.();
      reject(new DOMException('The session is over', 'InvalidStateError'));
    }
  }

  #ask(session: Http3WebTransportSession, pending: PendingStream): void {
    const { sendGroup, waitUntilAvailable } = pending.options;
    const sendOrder = engineOrder(pending.options);
    const options = { waitUntilAvailable, sendOrder, sendGroup: groupState(sendGroup)?.id ?? 0 };
    pending.giveUp = session.openStream(pending.bidirectional, options, (result) => {
      this.#pending.delete(pending);
      if (result === 'limit') {
        pending.reject(new DOMException('The peer allows no more streams now', 'QuotaExceededError'));
      } else if (result === 'closed') {
        pending.reject(new DOMException('The session is over', 'InvalidStateError'));
      } else {
        pending.opened(result);
      }
    });
  }
}
