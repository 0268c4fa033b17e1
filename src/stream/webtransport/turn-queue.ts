import { NativeError } from '../../errors.js';
import { type Contained, contain } from './containment.js';
import type { CarrierWork, WebTransportCarrier } from './webtransport-carrier.js';

/** Moves bytes between an application and neqo. */
export interface Mover {
  /** Moves a bounded amount. Called inside a turn. @returns whether it has more for the next one */
  move(): boolean;
  /** `move` threw: what it moves for ends. Without it the connection does. */
  failed?(error: unknown): void;
}

/** Something to be done once, in a turn. */
interface Command {
  run(): void;
  /** Called instead if the connection is over before that. */
  lost?(): void;
}

/**
 * What WebTransport wants done in the connection's coming turn: first the commands in order, then each mover once, in the
 * order in which they asked. Movers that have more come again in the next turn, so that one with much does not keep the
 * others, nor JavaScript, waiting.
 */
export class TurnQueue implements CarrierWork {
  readonly carrier: WebTransportCarrier;
  #commands: Command[] = [];
  readonly #movers = new Set<Mover>();
  #queued = false;
  #over = false;

  constructor(carrier: WebTransportCarrier) {
    this.carrier = carrier;
  }

  /** The connection is over: the carrier must not be touched any more. */
  get over(): boolean {
    return this.#over;
  }

  /** What waits for a turn. */
  get size(): number {
    return this.#movers.size + this.#commands.length;
  }

  /** Runs `run` in the coming turn, or `lost` if there is none. @param owner ends if one of them throws; else the connection does */
  later(run: () => void, lost?: () => void, owner?: Contained): void {
    const command: Command = { run: within(owner, run), ...(lost && { lost: within(owner, lost) }) };
    if (this.#over) {
      if (command.lost !== undefined) queueMicrotask(command.lost);
      return;
    }
    this.#commands.push(command);
    this.#queue();
  }

  /** Asks something in the coming turn; resolves with `otherwise()` if there is none, and rejects with what was thrown. */
  ask<Answer>(question: () => Answer, otherwise: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.later(
        () => resolve(question()),
        () => resolve(otherwise()),
        { failed: reject },
      );
    });
  }

  /** The mover has something to move. */
  wants(mover: Mover): void {
    if (this.#over) return;
    this.#movers.add(mover);
    this.#queue();
  }

  /** Moves at once, inside an event; what is left comes in the next turn. */
  moveNow(mover: Mover): void {
    if (this.#move(mover)) this.wants(mover);
  }

  forget(mover: Mover): void {
    this.#movers.delete(mover);
  }

  runInTurn(): void {
    this.#queued = false;
    try {
      this.#runCommands();
      this.#moveAll();
    } finally {
      // Also when a callback has thrown: one defect must not leave the others waiting.
      if (this.size > 0) this.#queue();
    }
  }

  /** The connection is over. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#movers.clear();
    const commands = this.#commands;
    this.#commands = [];
    for (const { lost } of commands) lost?.();
  }

  #runCommands(): void {
    const commands = this.#commands;
    this.#commands = [];
    let taken = 0;
    try {
      for (const command of commands) {
        taken += 1;
        // A command may find that the connection is over.
        if (this.#over) command.lost?.();
        else command.run();
      }
    } finally {
      if (taken < commands.length) this.#commands = commands.slice(taken).concat(this.#commands);
    }
  }

  #moveAll(): void {
    let left = this.#movers.size;
    for (const mover of this.#movers) {
      if (left-- === 0) break;
      this.#movers.delete(mover);
      let more = true;
      try {
        more = this.#move(mover);
      } finally {
        if (more) this.wants(mover);
      }
    }
  }

  /** @returns whether it has more */
  #move(mover: Mover): boolean {
    try {
      return mover.move();
    } catch (error) {
      if (mover.failed === undefined || error instanceof NativeError) throw error;
      mover.failed(error);
      return false;
    }
  }

  #queue(): void {
    if (this.#queued || this.#over) return;
    this.#queued = true;
    this.carrier.queue(this);
  }
}

function within(owner: Contained | undefined, step: () => void): () => void {
  return owner === undefined ? step : () => contain(owner, step);
}
