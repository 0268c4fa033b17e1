import { ConnectionError, type Http3Error } from '../errors.js';
import { CloseKind, NativeResult, type NativeTlsInfo } from '../native.js';
import { SEC_ERROR_LIBRARY_FAILURE, type VerificationResult, verifyCertificate } from './authentication.js';
import { verifyCertificateHash } from './certificate-hashes.js';
import { parseCertificate } from './issuer-problem.js';
import type { NeqoDriver } from './neqo-driver.js';
import type { CloseEvent } from './neqo-event-dispatch.js';
import type { ConnectionInfo, Http3SessionParams, SessionConnection } from './session-types.js';
import type { StoredToken } from './token-store.js';

/** The handshake's part of a session: resumption, 0-RTT, ECH, and the verification of the server's certificate. */
export class SessionHandshake {
  readonly #params: Http3SessionParams;
  readonly #driver: NeqoDriver;
  /** Has work done inside neqo's next turn. */
  readonly #enqueue: (command: () => void) => void;
  readonly #start = performance.now();
  #end: number | undefined;
  #error: Http3Error | undefined;
  #certificates: readonly Uint8Array[] = [];
  #authorized = false;
  #offeredEarlyData = false;
  #earlyDataRejected = false;
  #tls: NativeTlsInfo | undefined;
  #echRetryConfig: Uint8Array | undefined;
  #info: ConnectionInfo | undefined;

  constructor(params: Http3SessionParams, driver: NeqoDriver, enqueue: (command: () => void) => void) {
    this.#params = params;
    this.#driver = driver;
    this.#enqueue = enqueue;
  }

  /** The handshake succeeded once. */
  get established(): boolean {
    return this.#end !== undefined;
  }

  /** What made this side end the handshake. */
  get error(): Http3Error | undefined {
    return this.#error;
  }

  /** The configurations of an ECH retry, authenticated by the public name's certificate. */
  get echRetryConfig(): Uint8Array | undefined {
    return this.#echRetryConfig;
  }

  /** Before the first packet: ECH, then the token, in neqo's order. */
  begin(): void {
    const { conn } = this.#driver;
    const { echConfigList, resumptionToken } = this.#params;
    if (echConfigList !== undefined && conn.setEchConfig(echConfigList) !== NativeResult.OK) {
      throw new ConnectionError(
        'ERR_TLS_ECH_CONFIG',
        `The ECH configuration cannot be used: ${this.#driver.lastError()}`,
      );
    }
    if (resumptionToken === undefined) return;
    // A token that neqo does not accept (another version's, say) costs the resumption only.
    if (conn.setResumptionToken(resumptionToken.token) !== NativeResult.OK) return;
    this.#offeredEarlyData = this.#params.earlyData;
    this.#certificates = resumptionToken.certificates;
    // The token's key names the anchors, so the full handshake was verified as this one would be.
    this.#authorized = this.#params.trustAnchors !== undefined;
  }

  /** @param publicName the outer name that an ECH fallback presents, instead of the server's own */
  authenticate(publicName: string | undefined): void {
    const chain = this.#driver.conn.peerCertificateChain();
    this.#certificates = chain ?? [];
    this.#authorized = false;
    const { trustAnchors, certificateHashes, serverName } = this.#params;
    if (certificateHashes !== undefined) this.#verified(verifyCertificateHash(chain, certificateHashes, serverName));
    else if (trustAnchors === undefined) this.#driver.conn.authenticated(0);
    else {
      verifyCertificate(trustAnchors, chain, publicName ?? serverName, (result) =>
        this.#enqueue(() => this.#verified(result)),
      );
    }
  }

  #verified({ error, prErrorCode }: VerificationResult): void {
    this.#error = error;
    this.#authorized = error === undefined;
    this.#driver.conn.authenticated(error === undefined ? 0 : prErrorCode || SEC_ERROR_LIBRARY_FAILURE);
  }

  connected(): void {
    this.#end ??= performance.now();
    this.#tls = this.#driver.conn.tlsInfo();
  }

  earlyDataRejected(): void {
    this.#earlyDataRejected = true;
  }

  closed({ kind, payload }: CloseEvent): void {
    if (kind === CloseKind.ECH_RETRY) this.#echRetryConfig = payload();
  }

  toStoredToken(token: Uint8Array, expires: number): StoredToken {
    return { token, expires, certificates: this.#certificates };
  }

  info(socket: SessionConnection['socket']): ConnectionInfo | undefined {
    if (this.#end === undefined) return undefined;
    const { localAddress, localPort } = socket;
    // A connection that has moved: nothing else is new.
    if (this.#info !== undefined && (this.#info.localAddress !== localAddress || this.#info.localPort !== localPort)) {
      this.#info = { ...this.#info, localAddress, localPort };
    }
    this.#info ??= {
      localAddress,
      localPort,
      remoteAddress: socket.remoteAddress,
      remotePort: socket.remotePort,
      alpnProtocol: this.#tls?.alpn ?? '',
      tls: this.#tls,
      resumed: this.#tls?.resumed ?? false,
      earlyData: this.#earlyDataState(),
      // DER that NSS accepts and OpenSSL does not is left out: it is shown, not relied on.
      certificates: this.#certificates.map(parseCertificate).filter((certificate) => certificate !== undefined),
      authorized: this.#authorized,
      handshakeStart: this.#start,
      handshakeEnd: this.#end,
    };
    return this.#info;
  }

  #earlyDataState(): ConnectionInfo['earlyData'] {
    if (this.#earlyDataRejected) return 'rejected';
    return this.#offeredEarlyData && this.#tls?.earlyData === true ? 'accepted' : 'none';
  }
}
