/** Those who wait for a PING to be acknowledged. */
export class SessionPings {
  #waiting: ((ms: number | undefined) => void)[] = [];

  /** Somebody else's PING is on its way: its acknowledgement serves all. */
  get isUnderWay(): boolean {
    return this.#waiting.length > 0;
  }

  wait(resolve: (ms: number | undefined) => void): void {
    this.#waiting.push(resolve);
  }

  /** @param ms from the PING to its acknowledgement; undefined: there will be none */
  settle(ms: number | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(ms);
  }
}
