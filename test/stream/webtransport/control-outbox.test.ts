import { expect, it } from 'vitest';
import { encodeClose, encodeDrain, encodeFlowControl, FlowCapsule } from '../../../src/stream/webtransport/capsules.js';
import { ControlOutbox } from '../../../src/stream/webtransport/control-outbox.js';

const hex = (...pieces: Uint8Array[]): string => Buffer.concat(pieces).toString('hex');
const data = (value: number): Buffer => encodeFlowControl(FlowCapsule.MAX_DATA, value);

it('keeps the newest capsule of each type, however many come', () => {
  const outbox = new ControlOutbox();
  outbox.add(encodeDrain());
  for (let limit = 1; limit <= 10_000; limit++) {
    outbox.add(data(limit));
    outbox.add(encodeFlowControl(FlowCapsule.MAX_STREAMS_BIDIRECTIONAL, limit));
  }
  outbox.add(encodeClose(7, 'end'));
  const last = encodeFlowControl(FlowCapsule.MAX_STREAMS_BIDIRECTIONAL, 10_000);
  expect(hex(outbox.bytes)).toBe(hex(encodeDrain(), data(10_000), last, encodeClose(7, 'end')));
});

it('finishes a capsule that has begun before the next, wherever it was cut', () => {
  const whole = hex(encodeDrain(), data(1), data(2));
  for (let cut = 0; cut <= encodeDrain().length + data(1).length; cut++) {
    const outbox = new ControlOutbox();
    outbox.add(encodeDrain());
    outbox.add(data(1));
    const first = hex(outbox.bytes.subarray(0, cut));
    outbox.sent(cut);
    outbox.add(data(2));
    const rest = outbox.bytes;
    // One that has not begun is replaced.
    const replaced = cut <= encodeDrain().length;
    expect(first + hex(rest)).toBe(replaced ? hex(encodeDrain(), data(2)) : whole);
    for (let left = rest.length; left > 0; left--) outbox.sent(1);
    expect([outbox.isEmpty, outbox.bytes.length]).toEqual([true, 0]);
  }
});

it('is empty when cleared', () => {
  const outbox = new ControlOutbox();
  outbox.add(data(1));
  outbox.sent(1);
  outbox.add(data(2));
  outbox.clear();
  expect([outbox.isEmpty, outbox.bytes.length]).toEqual([true, 0]);
});
