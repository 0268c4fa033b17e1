/** What keeps the process alive while it is referenced. */
interface Referencing {
  ref(): void;
  unref(): void;
}

/** Keeps the process alive while a session is busy, and only then. A new session is busy. */
export class SessionActivity {
  readonly #handles: readonly Referencing[];
  readonly #changed: () => void;
  #busy = true;

  /** @param changed told of every change between busy and idle */
  constructor(handles: readonly Referencing[], changed: () => void) {
    this.#handles = handles;
    this.#changed = changed;
    for (const handle of handles) handle.ref();
  }

  update(busy: boolean): void {
    if (busy === this.#busy) return;
    this.#busy = busy;
    for (const handle of this.#handles) {
      if (busy) handle.ref();
      else handle.unref();
    }
    this.#changed();
  }
}
