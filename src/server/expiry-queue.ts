/**
 * Calls back for items that stay too long. All have the same time, so they expire in the order in which they came: one timer,
 * for the oldest, serves them all.
 */
export class ExpiryQueue<Item extends object> {
  readonly #timeout: number;
  readonly #onExpired: (item: Item) => void;
  /** Item to deadline, oldest first. */
  readonly #items = new Map<Item, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param timeout milliseconds; 0: nothing ever expires */
  constructor(timeout: number, onExpired: (item: Item) => void) {
    this.#timeout = timeout;
    this.#onExpired = onExpired;
  }

  get size(): number {
    return this.#items.size;
  }

  add(item: Item): void {
    if (this.#timeout === 0) return;
    this.#items.set(item, performance.now() + this.#timeout);
    if (this.#timer === undefined) this.#arm(this.#timeout);
  }

  delete(item: Item): void {
    this.#items.delete(item);
  }

  clear(): void {
    this.#items.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(delay: number): void {
    this.#timer = setTimeout(this.#expire, Math.ceil(delay)).unref();
  }

  readonly #expire = (): void => {
    this.#timer = undefined;
    const now = performance.now();
    for (const [item, deadline] of this.#items) {
      if (deadline > now) {
        this.#arm(deadline - now);
        return;
      }
      this.#items.delete(item);
      this.#onExpired(item);
    }
  };
}
