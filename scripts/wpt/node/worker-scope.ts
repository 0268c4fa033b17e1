/**
 * The global object of a dedicated worker, as far as testharness.js, idlharness.js and the tests look at it. Node's own global object
 * becomes it: a test has to meet this process's WebTransport and stream classes, not those of another realm.
 */
import type { Site } from '../site.js';

/** Listeners of the global object. Node's EventTarget cannot be given to an object that its constructor has not made. */
const listeners = new EventTarget();

class WorkerGlobalScope extends EventTarget {
  override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
    listeners.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
    listeners.removeEventListener(...args);
  }

  override dispatchEvent(event: Event): boolean {
    return listeners.dispatchEvent(event);
  }
}

class DedicatedWorkerGlobalScope extends WorkerGlobalScope {}

/** Web IDL 3.8: what a global object's names of interfaces look like. */
function expose(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}

export interface WorkerScope {
  /** Where the tests come from; `fetch` reads it too. */
  readonly site: Site;
  /** Path of the test, which the worker's location has. */
  readonly path: string;
  /** Gets what the worker posts. */
  readonly onMessage: (message: unknown) => void;
  /** Classes that the tests expect to be there, by name. */
  readonly interfaces: Readonly<Record<string, unknown>>;
}

/** Makes this process's global object that of a dedicated worker. Once in a process. */
export function enterWorkerScope({ site, path, onMessage, interfaces }: WorkerScope): void {
  Object.setPrototypeOf(globalThis, DedicatedWorkerGlobalScope.prototype);
  const url = new URL(path, site.origin);
  const { href, origin, protocol, host, hostname, port, pathname, search, hash } = url;
  expose('WorkerGlobalScope', WorkerGlobalScope);
  expose('DedicatedWorkerGlobalScope', DedicatedWorkerGlobalScope);
  expose('self', globalThis);
  expose('location', { href, origin, protocol, host, hostname, port, pathname, search, hash });
  expose('postMessage', onMessage);
  expose('fetch', (input: string | URL) => fetchFromSite(site, new URL(input, href)));
  for (const [name, value] of Object.entries(interfaces)) expose(name, value);
  reportErrors();
}

async function fetchFromSite(site: Site, url: URL): Promise<Response> {
  const file = url.origin === site.origin ? await site.read(url.pathname) : undefined;
  if (file === undefined) return new Response(null, { status: 404 });
  return new Response(file.body, { headers: { 'content-type': file.type } });
}

/** Errors that nobody handles are events of a worker, and testharness.js makes the file fail; Node would end. */
function reportErrors(): void {
  process.on('uncaughtException', (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    listeners.dispatchEvent(Object.assign(new Event('error', { cancelable: true }), { error, message }));
  });
  process.on('unhandledRejection', (reason: unknown, promise: Promise<unknown>) => {
    const event = new Event('unhandledrejection', { cancelable: true });
    listeners.dispatchEvent(Object.assign(event, { reason, promise }));
  });
}
