/** The child process of {@link ImpairmentProxy}: an {@link ImpairmentRelay} called over IPC. */
import type { Direction, Impairment, ProxyAddress, ProxyCounters, ProxyOptions } from './impairment.js';
import { ImpairmentRelay } from './impairment-relay.js';
import { serveChildModule } from './serve-child-module.js';

/** A datagram as the capture hook saw it. */
export interface CapturedDatagram {
  readonly direction: Direction;
  readonly datagram: Uint8Array;
}

export interface ProxyFunctions {
  readonly address: () => ProxyAddress;
  readonly set: (direction: Direction, impairment: Partial<Impairment>) => void;
  readonly setBlackhole: (on: boolean) => void;
  readonly rebind: () => Promise<number[]>;
  readonly injectToClient: (datagram: Uint8Array) => number;
  readonly injectToServer: (datagram: Uint8Array) => number;
  readonly counters: () => ProxyCounters;
}

export interface ProxyInit {
  readonly options: ProxyOptions;
  /** Emit {@link CapturedDatagram} batches. */
  readonly capture: boolean;
}

/** Collects one event-loop turn's datagrams into one message: a message each would cost more than the relaying. */
function createCapture(emit: (batch: CapturedDatagram[]) => void): (direction: Direction, datagram: Buffer) => void {
  let batch: CapturedDatagram[] = [];
  return (direction, datagram) => {
    if (batch.length === 0) {
      setImmediate(() => {
        const full = batch;
        batch = [];
        emit(full);
      });
    }
    batch.push({ direction, datagram: Uint8Array.from(datagram) });
  };
}

serveChildModule<ProxyInit, ProxyFunctions>(async ({ options, capture }, emit) => {
  const relay = await ImpairmentRelay.start(options, capture ? { onDatagram: createCapture(emit) } : {});
  return {
    address: () => relay.address,
    set: (direction, impairment) => relay.set(direction, impairment),
    setBlackhole: (on) => relay.setBlackhole(on),
    rebind: () => relay.rebind(),
    injectToClient: (datagram) => relay.injectToClient(Buffer.from(datagram)),
    injectToServer: (datagram) => relay.injectToServer(Buffer.from(datagram)),
    counters: () => relay.counters(),
  };
});
