import * as streams from 'node:stream/web';

/**
 * Node's stream classes, with types that are those of the globals as well. Where a program is compiled with TypeScript's DOM
 * library, which declares streams in a way of its own, ours can stand where the DOM's are expected and where Node's are, as
 * for `Readable.fromWeb()`. The classes themselves are not taken from the globals, which a program may have replaced.
 */
export type ReadableStream<R> = globalThis.ReadableStream<R> & streams.ReadableStream<R>;
export type WritableStream<W> = globalThis.WritableStream<W> & streams.WritableStream<W>;
export type WritableStreamDefaultWriter<W> = globalThis.WritableStreamDefaultWriter<W> &
  streams.WritableStreamDefaultWriter<W>;

interface ReadableStreamClass {
  new (source: streams.UnderlyingByteSource): ReadableStream<Uint8Array<ArrayBuffer>>;
  new <R>(source?: streams.UnderlyingSource<R>, strategy?: streams.QueuingStrategy<R>): ReadableStream<R>;
}

interface WritableStreamClass {
  new <W>(sink?: streams.UnderlyingSink<W>, strategy?: streams.QueuingStrategy<W>): WritableStream<W>;
}

interface WriterClass {
  new <W>(stream: streams.WritableStream<W>): WritableStreamDefaultWriter<W>;
  readonly prototype: WritableStreamDefaultWriter<unknown>;
}

// Asserted, since Node's types leave open that a byte stream's chunks are of shared memory, which the Streams standard excludes.
export const ReadableStream = streams.ReadableStream as ReadableStreamClass;
export const WritableStream: WritableStreamClass = streams.WritableStream;
export const WritableStreamDefaultWriter: WriterClass = streams.WritableStreamDefaultWriter;
