import { describe, expect, it } from 'vitest';
import { EventKind } from '../../src/native.js';
import { NeqoEventReader } from '../../src/session/neqo-events.js';

interface Fields {
  readonly kind: number;
  readonly streamId?: number;
  readonly number?: number;
  readonly flags?: number;
  readonly count?: number;
  readonly payload?: Buffer;
}

function record({ kind, streamId = 0, number = 0, flags = 0, count, payload = Buffer.alloc(0) }: Fields): Buffer {
  const length = Math.ceil((32 + payload.length) / 8) * 8;
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(kind, 0);
  bytes.writeUInt32LE(length, 4);
  bytes.writeDoubleLE(streamId, 8);
  bytes.writeDoubleLE(number, 16);
  bytes.writeUInt32LE(flags, 24);
  bytes.writeUInt32LE(count ?? payload.length, 28);
  payload.copy(bytes, 32);
  return bytes;
}

function section(...pairs: [string, string][]): Pick<Fields, 'count' | 'payload'> {
  const lengths = Buffer.alloc(pairs.length * 8);
  pairs.forEach(([name, value], index) => {
    lengths.writeUInt32LE(name.length, index * 8);
    lengths.writeUInt32LE(value.length, index * 8 + 4);
  });
  return { count: pairs.length, payload: Buffer.concat([lengths, Buffer.from(pairs.flat().join(''), 'latin1')]) };
}

describe('NeqoEventReader', () => {
  it('walks over records of any length', () => {
    const buffer = Buffer.concat([
      record({ kind: EventKind.RESET, streamId: 4, number: 0x10c, flags: 1 }),
      record({ kind: EventKind.RESUMPTION_TOKEN, number: 1e12, payload: Buffer.from('token') }),
      record({ kind: EventKind.REQUESTS_CREATABLE }),
    ]);
    const reader = new NeqoEventReader();
    reader.reset(buffer, buffer.length);
    expect(reader.advance()).toBe(true);
    expect([reader.kind, reader.streamId, reader.number, reader.flags]).toEqual([EventKind.RESET, 4, 0x10c, 1]);
    expect(reader.advance()).toBe(true);
    expect([reader.kind, reader.number, reader.bytes().toString()]).toEqual([
      EventKind.RESUMPTION_TOKEN,
      1e12,
      'token',
    ]);
    expect(reader.advance()).toBe(true);
    expect(reader.kind).toBe(EventKind.REQUESTS_CREATABLE);
    expect(reader.advance()).toBe(false);
  });

  it('gives a header section byte for byte as Latin-1, empty values included', () => {
    const fields = section([':status', '200'], ['x-empty', ''], ['x-name', 'Jos\u00e9\u0001']);
    const buffer = record({ kind: EventKind.HEADER_READY, streamId: 2 ** 40, flags: 2, ...fields });
    const reader = new NeqoEventReader();
    reader.reset(buffer, buffer.length);
    reader.advance();
    expect(reader.streamId).toBe(2 ** 40);
    expect(reader.headers()).toEqual([':status', '200', 'x-empty', '', 'x-name', 'Jos\u00e9\u0001']);
  });

  it('copies bytes: native code uses the buffer again', () => {
    const buffer = record({ kind: EventKind.RESUMPTION_TOKEN, payload: Buffer.from('token') });
    const reader = new NeqoEventReader();
    reader.reset(buffer, buffer.length);
    reader.advance();
    const bytes = reader.bytes();
    buffer.fill(0);
    expect(bytes.toString()).toBe('token');
  });
});
