import { asError, InvalidArgumentError } from '../errors.js';
import type { NeqoHttp3Server, ServerCredential } from '../native-server.js';
import { type CredentialOptions, makeCredential } from './credentials.js';
import type { SniCallback } from './server-options.js';

/** Of all hosts that have no credential of their own. */
const DEFAULT_HOST = '';

/** A change that the engine has to be told of. */
export type CredentialChange = (engine: NeqoHttp3Server) => void;

/** The certificates of a server, by host name. */
export class CredentialStore {
  readonly #sniCallback: SniCallback | undefined;
  readonly #byHost = new Map<string, ServerCredential>();
  readonly #optionsByHost = new Map<string, CredentialOptions>();
  /** What SNICallback gave: the same object is read once. */
  readonly #fromCallback = new WeakMap<CredentialOptions, ServerCredential>();

  constructor(sniCallback: SniCallback | undefined) {
    this.#sniCallback = sniCallback;
  }

  /** A handshake will find one. */
  get usable(): boolean {
    return this.#byHost.size > 0 || this.#sniCallback !== undefined;
  }

  /** As they were given. */
  get defaultOptions(): CredentialOptions | undefined {
    return this.#optionsByHost.get(DEFAULT_HOST);
  }

  /** Host names with the options of their own. */
  *hostOptions(): Generator<[hostName: string, options: CredentialOptions]> {
    for (const entry of this.#optionsByHost) if (entry[0] !== DEFAULT_HOST) yield entry;
  }

  /** @throws as {@link makeCredential} */
  setDefault(options: CredentialOptions): CredentialChange {
    return this.#set(DEFAULT_HOST, options, makeCredential(options));
  }

  /** @throws as {@link makeCredential}; InvalidArgumentError for a name that is none */
  setHost(hostName: string, options: CredentialOptions): CredentialChange {
    if (typeof hostName !== 'string' || !/^(?:\*\.)?[\x21-\x29\x2b-\x7e]+$/.test(hostName)) {
      throw new InvalidArgumentError("hostname: must be a host name, '*.' and a domain, or an IP address");
    }
    return this.#set(hostName.toLowerCase(), options, makeCredential(options, `addContext('${hostName}')`));
  }

  /** Tells a new engine all there is. */
  applyTo(engine: NeqoHttp3Server): void {
    for (const [host, credential] of this.#byHost) engine.setCredential(host, credential);
  }

  /** Asks SNICallback; `answer` is called once, perhaps at once. Without a credential the default is used. */
  find(name: string, answer: (error: Error | null, credential?: ServerCredential) => void): void {
    let answered = false;
    const once = (error: Error | null, credential?: ServerCredential): void => {
      if (answered) return;
      answered = true;
      answer(error, credential);
    };
    if (this.#sniCallback === undefined) {
      once(null);
      return;
    }
    try {
      this.#sniCallback(name, (error, context) => {
        try {
          if (error !== null && error !== undefined) once(asError(error));
          else once(null, context === undefined ? undefined : this.#read(context, name));
        } catch (thrown) {
          once(asError(thrown));
        }
      });
    } catch (thrown) {
      once(asError(thrown));
    }
  }

  #read(context: CredentialOptions, name: string): ServerCredential {
    const known = this.#fromCallback.get(context);
    if (known !== undefined) return known;
    const credential = makeCredential(context, `SNICallback('${name}')`);
    this.#fromCallback.set(context, credential);
    return credential;
  }

  #set(host: string, options: CredentialOptions, credential: ServerCredential): CredentialChange {
    this.#optionsByHost.set(host, options);
    const former = this.#byHost.get(host);
    this.#byHost.set(host, credential);
    return (engine) => {
      engine.setCredential(host, credential);
      former?.destroy();
    };
  }
}
