import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP } from 'node:net';
import type { LookupFunction } from '../http/connection-options.js';
import { CliError, EXIT } from './exit-codes.js';

const ENTRY = /^\+?(\*|\[[^\]]+\]|[^:[\]]+):(\d+):(.+)$/;
const MAX_PORT = 65_535;

/** What `--resolve` says: addresses by host and port, instead of the resolver's. */
export class ResolveOverrides {
  readonly #entries = new Map<string, readonly LookupAddress[]>();

  /**
   * @param entries `host:port:addr[,addr]…`; the host may be `*`, IPv6 addresses may be in brackets
   * @throws CliError with exit code 49
   */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const [, host = '', port = '', list = ''] = ENTRY.exec(entry) ?? [];
      const addresses = list.split(',').map((address) => address.replace(/^\[(.*)\]$/, '$1'));
      if (host === '' || Number(port) > MAX_PORT || !addresses.every((address) => isIP(address) !== 0)) {
        throw new CliError(EXIT.OPTION_SYNTAX, `Couldn't parse --resolve entry '${entry}'`);
      }
      this.#entries.set(
        `${host.toLowerCase()}:${Number(port)}`,
        addresses.map((address) => ({ address, family: isIP(address) })),
      );
    }
  }

  /**
   * A look-up for one port.
   * @param onResolved told what was found
   */
  lookup(port: number, onResolved: (host: string, addresses: readonly LookupAddress[]) => void): LookupFunction {
    return (host, options, callback) => {
      const override = this.#entries.get(`${host.toLowerCase()}:${port}`) ?? this.#entries.get(`*:${port}`);
      if (override !== undefined) {
        onResolved(host, override);
        process.nextTick(callback, null, [...override]);
        return;
      }
      systemLookup(host, options, (error, addresses) => {
        if (error === null) onResolved(host, addresses);
        callback(error, addresses);
      });
    };
  }
}
