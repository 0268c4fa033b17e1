/** This end's half of the CONNECT stream that controls a session. Its methods may be called at any time. */
export interface ControlChannel {
  /**
   * Sends a capsule in DATA frames, after the 2xx. One of the same type that waits still is not sent any more.
   *
   * @param capsule a whole one
   */
  send(capsule: Uint8Array): void;
  /** Sends the last capsule, and FIN. */
  end(capsule?: Uint8Array): void;
  /** RESET_STREAM and STOP_SENDING. @param code HTTP/3 error code */
  reset(code: number): void;
}
