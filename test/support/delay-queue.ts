/** An entry of the heap; `order` keeps entries of the same time in the order in which they came. */
interface Entry<T> {
  readonly dueMs: number;
  readonly order: number;
  readonly value: T;
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

/** Hands values out at their time, in the order of (time, arrival). One timer serves them all. */
export class DelayQueue<T> {
  readonly #heap: Entry<T>[] = [];
  readonly #release: (value: T) => void;
  #order = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;

  constructor(release: (value: T) => void) {
    this.#release = release;
  }

  /** When the first waiting value is due; infinity if none waits. */
  get firstDueMs(): number {
    return this.#heap[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** @param dueMs on the clock of `performance.now()` */
  push(dueMs: number, value: T): void {
    this.#siftUp({ dueMs, order: this.#order++, value });
    this.#arm();
  }

  /** Forgets everything that waits. */
  clear(): void {
    this.#heap.length = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs >= this.#timerDueMs) {
      return;
    }
    clearTimeout(this.#timer);
    this.#timerDueMs = first.dueMs;
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, Math.ceil(first.dueMs - performance.now())));
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    const now = performance.now();
    for (let first = this.#heap[0]; first !== undefined && first.dueMs <= now; first = this.#heap[0]) {
      this.#removeFirst();
      this.#release(first.value);
    }
    this.#arm();
  }

  #siftUp(entry: Entry<T>): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(entry, parent)) {
        break;
      }
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) {
      return;
    }
    let index = 0;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = heap[leftIndex];
      const right = heap[leftIndex + 1];
      if (left === undefined) {
        break;
      }
      const [childIndex, child] =
        right !== undefined && isBefore(right, left) ? [leftIndex + 1, right] : [leftIndex, left];
      if (!isBefore(child, last)) {
        break;
      }
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }
}
