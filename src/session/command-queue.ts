/** Work that waits for the next turn inside neqo: cancellations, priority updates, a verified certificate, a close. */
export class CommandQueue {
  readonly #requestTurn: () => void;
  #waiting: (() => void)[] = [];
  readonly #dropped = new Map<() => void, () => void>();
  #over = false;

  /** @param requestTurn has {@link run} called soon */
  constructor(requestTurn: () => void) {
    this.#requestTurn = requestTurn;
  }

  /** Registers `command` for the next turn; `dropped` is called instead if that never comes. */
  push(command: () => void, dropped?: () => void): void {
    if (this.#over && dropped !== undefined) {
      dropped();
      return;
    }
    this.#waiting.push(command);
    if (dropped !== undefined) this.#dropped.set(command, dropped);
    this.#requestTurn();
  }

  /** The result of `command` in the next turn, or that of `dropped` if it never comes. */
  ask<T>(command: () => T, dropped: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.push(
        () => resolve(command()),
        () => resolve(dropped()),
      );
    });
  }

  run(): void {
    if (this.#waiting.length === 0) return;
    const commands = this.#waiting;
    this.#waiting = [];
    for (const command of commands) {
      command();
      this.#dropped.delete(command);
    }
  }

  /** The connection is over: what waits is dropped, and so is every later {@link ask}. */
  end(): void {
    this.#over = true;
    this.#waiting = [];
    for (const dropped of this.#dropped.values()) dropped();
    this.#dropped.clear();
  }
}
