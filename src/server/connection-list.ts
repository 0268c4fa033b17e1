/**
 * The connection list: contiguous, indexed by virtual fd, as a TCP server indexes its table by the fd of a connection.
 * A look-up beyond its end finds nothing.
 */
export class ConnectionList<T> {
  readonly #slots: (T | undefined)[];

  /** @param size slots; 8 bytes each */
  constructor(size: number) {
    // Filled at once, so that the array is one block of memory and stays so, however the fds come.
    this.#slots = new Array<T | undefined>(size).fill(undefined);
  }

  at(fd: number): T | undefined {
    return this.#slots[fd];
  }

  /** @param fd below the list's size: the pool gives no other */
  put(fd: number, connection: T): void {
    this.#slots[fd] = connection;
  }

  /** Empties the slot if it is still this connection's: the number of an fd that was closed may be another's already. */
  remove(fd: number, connection: T): void {
    if (this.#slots[fd] === connection) this.#slots[fd] = undefined;
  }
}
