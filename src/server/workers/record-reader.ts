import { type Batch, RECORD_LENGTH, type RecordItem } from './records.js';

export type RecordHandler = (kind: number, stream: number, text: string, a: number, b: number, c: number) => void;

/** Calls `handle` for each record of a batch. */
export function forEachRecord(batch: Batch, handle: RecordHandler): void {
  const records = batch[0];
  for (let at = 0; at < records.length; at += RECORD_LENGTH) {
    handle(
      numberAt(records, at),
      numberAt(records, at + 1),
      textAt(records, at + 2),
      numberAt(records, at + 3),
      numberAt(records, at + 4),
      numberAt(records, at + 5),
    );
  }
}

/** Body bytes that a DATA record names: a view, nothing is copied. */
export function batchChunk(batch: Batch, index: number, offset: number, length: number): Buffer {
  return Buffer.from(batchBuffer(batch, index), offset, length);
}

/** A buffer of a batch. */
export function batchBuffer(batch: Batch, index: number): ArrayBuffer {
  const buffer = batch[index + 1];
  if (!(buffer instanceof ArrayBuffer)) throw new TypeError(`batch without buffer ${index}`);
  return buffer;
}

function numberAt(records: readonly RecordItem[], index: number): number {
  const item = records[index];
  if (typeof item !== 'number') throw new TypeError(`record item ${index} is no number`);
  return item;
}

function textAt(records: readonly RecordItem[], index: number): string {
  const item = records[index];
  if (typeof item !== 'string') throw new TypeError(`record item ${index} is no text`);
  return item;
}
