import type { StoredToken, TokenStore } from '../session/token-store.js';

/** Passes tokens on to a store and knows whether the server has sent one. */
export class AwaitedToken implements TokenStore {
  readonly #store: TokenStore;
  #arrived = false;
  #onArrival: () => void = () => undefined;

  constructor(store: TokenStore) {
    this.#store = store;
  }

  take(key: string): StoredToken | undefined | Promise<StoredToken | undefined> {
    return this.#store.take(key);
  }

  put(key: string, token: StoredToken): void | Promise<void> {
    this.#arrived = true;
    this.#onArrival();
    return this.#store.put(key, token);
  }

  /** Resolves when the token has come, or after `milliseconds` without it. */
  async wait(milliseconds: number): Promise<void> {
    if (this.#arrived) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#onArrival = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
