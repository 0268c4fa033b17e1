/** A chunk on its way from `atomicWrite()` through the WritableStream's queue. */
export class AtomicChunk {
  readonly source: unknown;
  /** Set when it was not sent: the write fails, the stream does not. */
  failure: DOMException | undefined;

  constructor(source: unknown) {
    this.source = source;
  }
}
