/** WebTransport between a client and a server of the same library, and between our client and aioquic. */
import { cpuPerGibibyte, cpuPerRequest, requestRate, throughput, timePerRequest } from '../lib/figures.mjs';
import { oneOver } from '../lib/goals.mjs';

/** @typedef {import('../lib/contenders.mjs').ContenderId} ContenderId */
/** @typedef {import('../lib/workload.mjs').Workload} Workload */
/** @typedef {import('../lib/workload.mjs').Figure} Figure */

const QUICK_DIVISOR = 20;
/** In equal parts on 10 streams, too. */
const TRANSFER_BYTES = 60 * 2 ** 20;
const QUICK_TRANSFER_BYTES = 10 * 2 ** 20;
const MANY_STREAMS = 10;
const MESSAGE_BYTES = 32;
/** Fits the packets of all, with path MTU discovery and without. */
const DATAGRAM_BYTES = 1000;

/** @type {readonly ContenderId[]} */
const CONTENDERS = ['ourTransport', 'ourTransportToAioquic', 'moqTransport', 'quicheTransport'];
/** @type {Readonly<Partial<Record<ContenderId, string>>>} */
const RIVALS = {
  moqTransport: '@moq/web-transport',
  quicheTransport: '@fails-components/webtransport',
};

/** @type {Figure} */
const streamRate = { ...requestRate, unit: 'streams/s' };
/** @type {Figure} */
const cpuPerStream = { ...cpuPerRequest, unit: 'CPU µs/stream' };
/** @type {Figure} */
const roundTrip = {
  ...timePerRequest,
  unit: 'µs',
  of: ({ requests, seconds }) => (seconds * 1e6) / requests,
};
/** @type {Figure} */
const cpuPerMessage = { ...cpuPerRequest, unit: 'CPU µs/message' };
/** @type {Figure} */
const datagramsReceived = {
  unit: 'received/s',
  of: ({ received = 0, receivingSeconds = Number.NaN }) => received / receivingSeconds,
};
/** @type {Figure} */
const datagramsSent = {
  unit: 'sent/s',
  of: ({ requests, sendingSeconds = Number.NaN }) => requests / sendingSeconds,
};
/** @type {Figure} */
const datagramsLost = {
  unit: '% lost',
  of: ({ requests, received = 0 }) => (1 - received / requests) * 100,
  lessIsBetter: true,
};
/** @type {Figure} */
const cpuPerDatagram = { ...cpuPerRequest, unit: 'CPU µs/datagram' };

/**
 * @param {Pick<Workload, 'id' | 'title' | 'figure' | 'cpu' | 'extras'>} about
 * @param {string} path that the server knows the exchange by
 * @param {import('../lib/job.mjs').WebTransportJob} webTransport
 * @param {number} requests
 * @param {number} [concurrency]
 * @returns {Workload}
 */
const workload = (about, path, webTransport, requests, concurrency = 1) => ({
  ...about,
  server: 'the server of the same library, or aioquic',
  file: [path, webTransport.bytes],
  isGenerated: true,
  job: { requests, concurrency, fresh: false, webTransport },
  contenders: CONTENDERS,
  goals: Object.entries(RIVALS).map(([id, name]) => {
    const rival = /** @type {ContenderId} */ (id);
    const isLess = about.figure.lessIsBetter === true;
    return {
      text: `ahead of ${name}`,
      needs: rival,
      value: (summaries) =>
        isLess ? oneOver(summaries, rival, 'ourTransport') : oneOver(summaries, 'ourTransport', rival),
      atLeast: 1,
    };
  }),
});

/**
 * @param {'upload' | 'download'} direction
 * @param {number} streams
 * @param {number} total bytes
 */
const transfer = (direction, streams, total) =>
  workload(
    {
      id: `webtransport-${direction}${streams === 1 ? '' : `-${streams}`}`,
      title: `${direction === 'upload' ? 'Client to server' : 'Server to client'}, ${total / 2 ** 20} MiB on ${streams} ${streams === 1 ? 'stream' : 'streams'}`,
      figure: throughput,
      cpu: cpuPerGibibyte,
    },
    direction,
    { exchange: direction, bytes: total / streams },
    streams,
    streams,
  );

/** @param {number} streams @param {number} concurrency */
const streamOpens = (streams, concurrency) =>
  workload(
    {
      id: concurrency === 1 ? 'webtransport-streams-sequential' : 'webtransport-streams',
      title: `${streams.toLocaleString('en')} bidirectional streams with 1 byte there and back, ${concurrency} at once`,
      figure: streamRate,
      cpu: cpuPerStream,
    },
    'echo',
    { exchange: 'streams', bytes: 1 },
    streams,
    concurrency,
  );

/**
 * @param {boolean} quick
 * @returns {Workload[]}
 */
export function webTransportWorkloads(quick) {
  const divisor = quick ? QUICK_DIVISOR : 1;
  const total = quick ? QUICK_TRANSFER_BYTES : TRANSFER_BYTES;
  const messages = 20_000 / divisor;
  const datagrams = 200_000 / divisor;
  const amount = `${messages.toLocaleString('en')} messages of ${MESSAGE_BYTES} bytes there and back`;
  const message = { figure: roundTrip, cpu: cpuPerMessage };
  return [
    transfer('upload', 1, total),
    transfer('download', 1, total),
    transfer('upload', MANY_STREAMS, total),
    transfer('download', MANY_STREAMS, total),
    streamOpens(20_000 / divisor, 100),
    streamOpens(10_000 / divisor, 1),
    workload(
      { id: 'webtransport-messages', title: `${amount} on one stream`, ...message },
      'echo',
      { exchange: 'messages', bytes: MESSAGE_BYTES },
      messages,
    ),
    workload(
      { id: 'webtransport-datagram-messages', title: `${amount} as datagrams`, ...message },
      'echo',
      { exchange: 'datagramMessages', bytes: MESSAGE_BYTES },
      messages,
    ),
    workload(
      {
        id: 'webtransport-datagrams',
        title: `${datagrams.toLocaleString('en')} datagrams of ${DATAGRAM_BYTES} bytes as fast as the client takes them`,
        figure: datagramsReceived,
        cpu: cpuPerDatagram,
        extras: [datagramsSent, datagramsLost],
      },
      'datagrams',
      { exchange: 'datagrams', bytes: DATAGRAM_BYTES },
      datagrams,
    ),
  ];
}
