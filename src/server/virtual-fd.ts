/**
 * The socketpair of one connection. `number` is its virtual fd, `internal` the end that stays with us; no payload
 * travels between them.
 */
export class VirtualFd {
  readonly number: number;
  readonly internal: number;
  #use: 'unseen' | 'seen' | 'socket' = 'unseen';

  constructor(number: number, internal: number) {
    this.number = number;
    this.internal = internal;
  }

  /** Nobody outside was ever told the number: nobody can be waiting for a hang-up, and the pair is as good as new. */
  get unseen(): boolean {
    return this.#use === 'unseen';
  }

  /** A net.Socket owns the fd and closes it; closing it here as well would hit whoever has the number by then. */
  get ownedBySocket(): boolean {
    return this.#use === 'socket';
  }

  /** The number is about to be told to somebody. */
  see(): void {
    if (this.#use === 'unseen') this.#use = 'seen';
  }

  /** A net.Socket was made over the fd. */
  giveToSocket(): void {
    this.#use = 'socket';
  }
}
