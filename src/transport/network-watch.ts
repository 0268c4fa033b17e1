import { networkInterfaces } from 'node:os';
import { reportUncaught } from '../errors.js';

/** IP literals that came and went, without scope. */
export interface NetworkChange {
  readonly added: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
}

/** Told when the machine's addresses are others than before. */
export interface NetworkListener {
  onNetworkChange(change: NetworkChange): void;
}

/** Milliseconds between two looks. One costs about a tenth of a millisecond. */
const INTERVAL_MS = 2000;

/** The addresses of interfaces that are up. */
function presentAddresses(): ReadonlySet<string> {
  const addresses = new Set<string>();
  for (const list of Object.values(networkInterfaces())) for (const { address } of list ?? []) addresses.add(address);
  return addresses;
}

/**
 * Notices when addresses of the machine come or go. Node has no event for that, so it looks every two seconds, and only while
 * someone depends on an address.
 */
export class NetworkWatch {
  readonly #list: () => ReadonlySet<string>;
  readonly #dependents = new Set<NetworkListener>();
  readonly #listeners = new Set<NetworkListener>();
  #known: ReadonlySet<string> | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** @param list gives the present addresses */
  constructor(list: () => ReadonlySet<string> = presentAddresses) {
    this.#list = list;
  }

  /** Watches for one who depends on an address, until {@link detach}. The process may end meanwhile. */
  attach(dependent: NetworkListener): void {
    this.#dependents.add(dependent);
    if (this.#timer !== undefined) return;
    // Connections that come and go make it begin anew each time.
    if (performance.now() - this.#checkedAt >= INTERVAL_MS) this.check();
    this.#timer = setInterval(() => this.check(), INTERVAL_MS);
    this.#timer.unref();
  }

  detach(dependent: NetworkListener): void {
    this.#dependents.delete(dependent);
    if (this.#dependents.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Tells `listener` of changes too, as long as there is someone who depends on an address; first those, then it. */
  subscribe(listener: NetworkListener): void {
    this.#listeners.add(listener);
  }

  unsubscribe(listener: NetworkListener): void {
    this.#listeners.delete(listener);
  }

  /** Looks now. */
  check(): void {
    const before = this.#known;
    const now = this.#list();
    this.#known = now;
    this.#checkedAt = performance.now();
    if (before === undefined) return;
    const change = { added: missing(before, now), removed: missing(now, before) };
    if (change.added.size === 0 && change.removed.size === 0) return;
    for (const listener of [...this.#dependents, ...this.#listeners]) {
      try {
        listener.onNetworkChange(change);
      } catch (error) {
        // One listener's defect is not the others'.
        reportUncaught(error);
      }
    }
  }
}

/** What `of` has and `from` lacks. */
function missing(from: ReadonlySet<string>, of: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...of].filter((address) => !from.has(address)));
}

let watch: NetworkWatch | undefined;

/** The watch of this thread. */
export function networkWatch(): NetworkWatch {
  watch ??= new NetworkWatch();
  return watch;
}
