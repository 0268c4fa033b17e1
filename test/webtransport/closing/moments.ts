import type { WebTransport, WebTransportSendStream } from '../../../src/webtransport.js';
import type { Ledger } from './ledger.js';

/** In what a session is when its end comes. */
export type Moment = (typeof MOMENTS)[number];
export const MOMENTS = ['idle', 'writing', 'reading', 'opening', 'accepting', 'datagrams', 'asking'] as const;
/** Of clients only: the server does not answer; nothing has been sent yet. */
export const EARLY_MOMENTS = ['unanswered', 'connecting'] as const;
export type EarlyMoment = (typeof EARLY_MOMENTS)[number];

/** More than any window. */
const LARGE = new Uint8Array(16 * 2 ** 20);
/** More than the limit of streams of either side. */
const STREAMS = 3000;
/** More than a writable holds. */
const DATAGRAMS = 300;
const WAIT = { waitUntilAvailable: true };
const BYTES = new Uint8Array(100);

function watchWriter(ledger: Ledger, name: string, stream: WebTransportSendStream, closing: boolean): void {
  const writer = stream.getWriter();
  ledger.watch(`${name} first write`, writer.write(LARGE));
  ledger.watch(`${name} second write`, writer.write(LARGE));
  // `close()` fulfils `ready`.
  if (closing) ledger.watch(`${name} close`, writer.close());
  else ledger.watch(`${name} writer.ready`, writer.ready);
  ledger.watch(`${name} writer.closed`, writer.closed);
}

function watchStreams(transport: WebTransport, ledger: Ledger): void {
  for (const [name, streams] of [
    ['bidirectional', transport.incomingBidirectionalStreams],
    ['unidirectional', transport.incomingUnidirectionalStreams],
  ] as const) {
    const reader = streams.getReader();
    ledger.watch(`incoming ${name} read`, reader.read());
    ledger.watch(`incoming ${name} reader.closed`, reader.closed);
  }
}

function watchDatagrams({ datagrams }: WebTransport, ledger: Ledger): void {
  const reader = datagrams.readable.getReader({ mode: 'byob' });
  ledger.watch('datagram read', reader.read(new Uint8Array(2000)));
  ledger.watch('datagram reader.closed', reader.closed);
}

function writeDatagrams({ datagrams }: WebTransport, ledger: Ledger): void {
  const writer = datagrams.createWritable().getWriter();
  const writes = Array.from({ length: DATAGRAMS }, () => writer.write(BYTES));
  for (const write of writes) write.catch(() => undefined);
  ledger.watch('last datagram write', writes.at(-1) as Promise<void>);
  ledger.watch('datagram writer.closed', writer.closed);
  ledger.watch('datagram close', writer.close());
}

function ask(transport: WebTransport, ledger: Ledger): void {
  ledger.watch('getStats', transport.getStats());
  ledger.watch('exportKeyingMaterial', transport.exportKeyingMaterial(BYTES, BYTES, 32));
}

/** Of every session. */
export function watchSession(transport: WebTransport, ledger: Ledger): void {
  ledger.watch('ready', transport.ready);
  ledger.watch('closed', transport.closed);
  ledger.watch('draining', transport.draining);
}

/** A session that is not ready: everything can be asked for nevertheless. */
export function watchEarly(transport: WebTransport, ledger: Ledger): void {
  watchSession(transport, ledger);
  watchStreams(transport, ledger);
  watchDatagrams(transport, ledger);
  writeDatagrams(transport, ledger);
  ask(transport, ledger);
  ledger.watch('createBidirectionalStream', transport.createBidirectionalStream());
  ledger.watch('createUnidirectionalStream', transport.createUnidirectionalStream(WAIT));
}

/** Brings a session that is ready to where its end is to find it. */
export async function stage(moment: Moment, transport: WebTransport, ledger: Ledger): Promise<void> {
  watchSession(transport, ledger);
  if (moment === 'writing') {
    watchWriter(ledger, 'unidirectional', await transport.createUnidirectionalStream(), true);
    watchWriter(ledger, 'bidirectional', (await transport.createBidirectionalStream()).writable, false);
  } else if (moment === 'reading') {
    const reader = (await transport.createBidirectionalStream()).readable.getReader();
    ledger.watch('read', reader.read());
    ledger.watch('reader.closed', reader.closed);
    const byob = (await transport.createBidirectionalStream()).readable.getReader({ mode: 'byob' });
    ledger.watch('BYOB read', byob.read(BYTES.slice()));
    ledger.watch('BYOB reader.closed', byob.closed);
  } else if (moment === 'opening') {
    const opened = Array.from({ length: STREAMS }, () => transport.createUnidirectionalStream(WAIT));
    for (const stream of opened) stream.catch(() => undefined);
    await opened[0];
    ledger.watch('createUnidirectionalStream', opened.at(-1) as Promise<unknown>);
  } else if (moment === 'accepting') {
    watchStreams(transport, ledger);
    watchDatagrams(transport, ledger);
  } else if (moment === 'datagrams') {
    ledger.watch('open datagram writer.closed', transport.datagrams.createWritable().getWriter().closed);
  }
}

/** What is begun in the turn of the end. */
export function stageLast(moment: Moment, transport: WebTransport, ledger: Ledger): void {
  if (moment === 'datagrams') writeDatagrams(transport, ledger);
  if (moment === 'asking') ask(transport, ledger);
}

/** Whatever is done with a session that is over is refused, or does nothing. */
export function afterTheEnd(transport: WebTransport, ledger: Ledger): void {
  const attempt = (name: string, step: () => Promise<unknown>): void => {
    ledger.watch(`afterwards ${name}`, Promise.resolve().then(step));
  };
  attempt('close', async () => transport.close());
  attempt('createBidirectionalStream', () => transport.createBidirectionalStream(WAIT));
  attempt('createUnidirectionalStream', () => transport.createUnidirectionalStream());
  attempt('createSendGroup', async () => transport.createSendGroup());
  attempt('createWritable', async () => transport.datagrams.createWritable());
  attempt('datagram', () => transport.datagrams.writable.getWriter().write(BYTES));
  attempt('exportKeyingMaterial', () => transport.exportKeyingMaterial(BYTES, BYTES, 32));
  attempt('getStats', () => transport.getStats());
}
