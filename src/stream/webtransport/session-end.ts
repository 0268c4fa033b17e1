import type { Http3Error } from '../../errors.js';

/** How a session ended. */
export type SessionEnd =
  | {
      readonly kind: 'clean';
      /** 0 to 2^32 - 1. */
      readonly closeCode: number;
      /** At most 1024 bytes of UTF-8. */
      readonly reason: string;
      /** The peer closed it. */
      readonly remote: boolean;
    }
  | { readonly kind: 'failed'; readonly error: Http3Error };

/** Why one half of a stream is over before its end. */
export type HalfError =
  | {
      /** 'reset': RESET_STREAM was sent or received; 'stopped': STOP_SENDING. */
      readonly kind: 'reset' | 'stopped';
      /** The application's code, 0 to 2^32 - 1; undefined if the one of the wire stands for none. */
      readonly code: number | undefined;
    }
  | { readonly kind: 'session'; readonly end: SessionEnd };
