import { Http3State } from '../native.js';
import { ServerEventKind } from '../native-server.js';
import { NeqoEventReader } from './neqo-events.js';

/** Records of a server have a head of 40 bytes: that of `neqo-events.ts`, u32 connection handle, u32 reserved. */
const SERVER_HEAD_BYTES = 40;
const HANDLE_OFFSET = 32;
/** Of the flags of STATE_CHANGE; the next byte is the CloseKind. */
export const STATE_MASK = 0xff;

/** Addresses of a connection's path. */
export interface PathAddresses {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** A cursor over the event buffer of a server. */
export class ServerEventReader extends NeqoEventReader {
  constructor() {
    super(SERVER_HEAD_BYTES);
  }

  /** The connection that the record concerns. */
  get handle(): number {
    return this.headField(HANDLE_OFFSET);
  }

  /** A connection appears. */
  get isBeginning(): boolean {
    return this.kind === ServerEventKind.CONNECTION;
  }

  /** A handshake waits for the credential of a host, before its connection appears. */
  get isServerName(): boolean {
    return this.kind === ServerEventKind.SERVER_NAME;
  }

  /** The last event of its connection. */
  get isEnd(): boolean {
    return this.kind === ServerEventKind.STATE_CHANGE && (this.flags & STATE_MASK) === Http3State.CLOSED;
  }

  /** The payload of CONNECTION and PATH. */
  addresses(): PathAddresses {
    const [remoteAddress = '', remotePort, localAddress = '', localPort] = this.text().split(' ');
    return { remoteAddress, remotePort: Number(remotePort), localAddress, localPort: Number(localPort) };
  }
}
