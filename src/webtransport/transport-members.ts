/** Something that ends with its session: a stream's half. */
export interface TransportMember {
  /** @param error the session's: the same object for all that ends with it */
  sessionEnded(error: unknown): void;
}

/** What the halves of streams need of the transport that owns them (its slots [[SendStreams]] and [[ReceiveStreams]]). */
export interface TransportMembers {
  add(member: TransportMember): void;
  delete(member: TransportMember): void;
}
