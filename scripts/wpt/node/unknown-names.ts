/** No test reaches a resolver: the site has an address and no name, but some tests try to connect to example.com. */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

type LookupCallback = (error: NodeJS.ErrnoException | null) => void;

/** From now on no name is known in this process: the default look-up of every client answers ENOTFOUND. */
export function knowNoNames(): void {
  const lookup = (hostname: string, ...args: readonly unknown[]): void => {
    const callback = args.at(-1) as LookupCallback;
    const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND', hostname });
    process.nextTick(() => callback(error));
  };
  Object.assign(dns, { lookup });
  syncBuiltinESMExports();
}
