import { expect, it } from 'vitest';
import { ConnectionError } from '../../../src/errors.js';
import { Segments } from '../../../src/stream/transaction.js';
import { encodeFlowControl, FlowCapsule } from '../../../src/stream/webtransport/capsules.js';
import { WEBTRANSPORT_VERSIONS } from '../../../src/stream/webtransport/versions.js';
import { type ConnectRequester, ConnectTransaction } from '../../../src/webtransport/client/connect-transaction.js';
import { Fixture } from '../../stream/webtransport/session-fixture.js';

const TARGET = { authority: 'localhost', path: '/', origin: undefined, protocols: [], headers: [] } as const;

function start(requester: ConnectRequester) {
  const fixture = new Fixture();
  const [version] = WEBTRANSPORT_VERSIONS;
  if (version === undefined) throw new Error('there is no version');
  const transaction = new ConnectTransaction(fixture.mux, version, TARGET, requester);
  transaction.onActivated(0);
  return { fixture, transaction };
}

it('a requester that throws when it is accepted is rejected: nobody waits for ever', () => {
  const rejected: string[] = [];
  const { fixture, transaction } = start({
    onAccepted: () => {
      throw new TypeError('defect');
    },
    onRejected: ({ message }) => rejected.push(message),
  });
  expect(() => transaction.onResponseHeaders([':status', '200'], false)).toThrow('defect');
  // What the stream does with a transaction that throws.
  transaction.close(new ConnectionError('ERR_TEST', 'closed'));
  fixture.carrier.settle();
  expect(rejected).toEqual(['closed']);
  expect(fixture.mux.idle).toBe(true);
});

it('capsules wait for the 2xx, and a server that gives no credit gets the newest limit only', () => {
  const { transaction } = start({ onAccepted: () => {}, onRejected: () => {} });
  const sent: string[] = [];
  let credit = 0;
  const reader = {
    onReadSegment: (bytes: Uint8Array, offset: number, length: number): number => {
      const taken = Math.min(credit, length);
      if (taken > 0) sent.push(Buffer.from(bytes.subarray(offset, offset + taken)).toString('hex'));
      credit -= taken;
      return taken;
    },
  };
  transaction.send(encodeFlowControl(FlowCapsule.MAX_DATA, 1));
  expect(transaction.readSegmentsAgain(reader)).toBe(Segments.PIPE_BLOCKED);
  transaction.onResponseHeaders([':status', '200'], false);
  for (let limit = 2; limit <= 1000; limit++) {
    transaction.send(encodeFlowControl(FlowCapsule.MAX_DATA, limit));
    expect(transaction.readSegmentsAgain(reader)).toBe(Segments.STREAM_BLOCKED);
  }
  credit = 1000;
  expect(transaction.readSegmentsAgain(reader)).toBe(Segments.MOVED);
  expect(transaction.readSegmentsAgain(reader)).toBe(Segments.PIPE_BLOCKED);
  expect(sent).toEqual([encodeFlowControl(FlowCapsule.MAX_DATA, 1000).toString('hex')]);
});
