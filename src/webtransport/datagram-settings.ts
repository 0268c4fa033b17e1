/** Limits of the datagram queues of a transport, and counts of what they cost (slots of WebTransportDatagramDuplexStream). */
export class DatagramSettings {
  /** Datagrams that wait for a reader; more push the oldest out. Deep enough for the burst that one turn can bring. */
  incomingMaxBuffered = 1024;
  /** Datagrams that wait to be sent, in each writable, before a write waits as well. */
  outgoingMaxBuffered = 256;
  /** Milliseconds; null: they do not grow too old. */
  incomingMaxAge: number | null = null;
  outgoingMaxAge: number | null = null;
  droppedIncoming = 0;
  expiredIncoming = 0;
  expiredOutgoing = 0;
}

/** Milliseconds on a clock that does not jump. */
export function now(): number {
  return performance.now();
}

/** Whether a datagram that was queued at `since` is too old. */
export function isExpired(since: number, maxAge: number): boolean {
  return now() - since > maxAge;
}
