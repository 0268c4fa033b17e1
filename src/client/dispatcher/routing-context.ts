import type { Agent, Dispatcher } from 'undici';
import { asError, ClientDestroyedError, Http3Error } from '../../errors.js';
import { ConnectionDirectory } from '../../http/connection-directory.js';
import type { ResolvedConnectionOptions } from '../../http/connection-options.js';
import type { Origin } from '../../http/origin.js';
import type { TokenStore } from '../../session/token-store.js';
import type { AgentStore } from '../store/agent-store.js';
import { MemoryAgentStore } from '../store/memory-agent-store.js';
import { StoredTokens } from '../store/stored-tokens.js';
import {
  type Http3AgentOptions,
  makeTcpDispatcher,
  type ResolvedAgentOptions,
  resolveAgentOptions,
  wantsHttp2,
} from './agent-options.js';
import { AlternativeServices } from './alternative-services.js';
import type { OriginStats } from './origin-stats.js';

/** What all origins of an agent share. */
export class RoutingContext {
  readonly options: ResolvedAgentOptions;
  readonly alternatives: AlternativeServices;
  readonly directory: ConnectionDirectory;
  /** Told of errors of the store; they cost only what was to be remembered. */
  readonly onStoreError: (error: unknown) => void;
  readonly #given: Http3AgentOptions;
  readonly #tokenStore: TokenStore | false;
  readonly #onTcpMade: (tcp: Dispatcher) => void;
  #tcp: Dispatcher | undefined;
  #http1: Dispatcher | undefined;

  /**
   * @param onTcpMade told of the TCP dispatcher before it is first used
   * @throws InvalidArgumentError that names the option
   */
  constructor(given: Http3AgentOptions, onStoreError: (error: unknown) => void, onTcpMade: (tcp: Dispatcher) => void) {
    this.options = resolveAgentOptions(given);
    this.#given = given;
    this.onStoreError = onStoreError;
    this.#onTcpMade = onTcpMade;
    const store: AgentStore = given.store ?? new MemoryAgentStore();
    this.#tokenStore = given.tokenStore ?? new StoredTokens(store);
    const { hints, resolveHttpsRecord } = given;
    this.alternatives = new AlternativeServices(store, {
      everyOrigin: this.options.protocol === 'h3-first',
      onStoreError,
      ...(hints !== undefined && { hints }),
      ...(resolveHttpsRecord !== undefined && { resolveHttpsRecord }),
    });
    const { maxConnections, coalescing } = this.options;
    this.directory = new ConnectionDirectory({ maxConnections, coalesce: coalescing });
  }

  /** Carries what goes over TCP. Made when it is first needed. */
  get tcp(): Dispatcher {
    if (this.#tcp === undefined) {
      this.#tcp = this.#given.tcp ?? makeTcpDispatcher(this.#given, true);
      this.#onTcpMade(this.#tcp);
    }
    return this.#tcp;
  }

  /** Carries upgrades, which HTTP/2 servers rarely have (RFC 8441), and what is to go over HTTP/1.1 only. */
  get http1(): Dispatcher {
    if (this.#given.tcp !== undefined || !wantsHttp2(this.#given)) return this.tcp;
    if (this.#http1 === undefined) {
      this.#http1 = makeTcpDispatcher(this.#given, false);
      this.#onTcpMade(this.#http1);
    }
    return this.#http1;
  }

  /** Of the TCP dispatchers, by origin, where they have any. */
  get tcpStats(): readonly (readonly [origin: string, stats: Partial<Record<keyof OriginStats, number | boolean>>])[] {
    return [this.#tcp, this.#http1].flatMap((tcp) =>
      Object.entries((tcp as Partial<Pick<Agent, 'stats'>> | undefined)?.stats ?? {}),
    );
  }

  connectionOptions(origin: Origin, serverName: string | undefined): ResolvedConnectionOptions {
    return this.options.connection(origin, serverName, this.#tokenStore);
  }

  /** The error that ends connections, from whatever a user destroys an agent with. */
  asHttp3Error(error: Error): Http3Error {
    return error instanceof Http3Error ? error : new ClientDestroyedError(asError(error).message, { cause: error });
  }

  /** Ends a TCP dispatcher that was made here; the user's own lives on. */
  async closeTcp(): Promise<void> {
    if (this.#given.tcp === undefined) await Promise.all([this.#tcp?.close(), this.#http1?.close()]);
  }

  async destroyTcp(error: Error): Promise<void> {
    if (this.#given.tcp === undefined) await Promise.all([this.#tcp?.destroy(error), this.#http1?.destroy(error)]);
  }
}
