/** This end's half of the CONNECT stream that controls a session. Its methods may be called at any time. */
export interface ControlChannel {
  /** Sends bytes in DATA frames. */
  send(bytes: Uint8Array): void;
  /** Sends the last bytes, and FIN. */
  end(bytes?: Uint8Array): void;
  /** RESET_STREAM and STOP_SENDING. @param code HTTP/3 error code */
  reset(code: number): void;
}
