import { onTestFinished } from 'vitest';
import { ServerEventKind } from '../../../../src/native-server.js';
import type { ServerWebTransportOptions } from '../../../../src/server/webtransport/webtransport-options.js';
import type { WebTransportRequest } from '../../../../src/server/webtransport/webtransport-request.js';
import type { ScriptedEvent } from '../../support/scripted-engine.js';
import { ScriptedServer } from '../../support/scripted-server.js';

const FIN = 2;
const TURNS = 4;
/** Of draft 02, as browsers send them: SETTINGS_H3_DATAGRAM (RFC 9297 2.1.1) and ENABLE_WEBTRANSPORT. */
const DRAFT_02_SETTINGS = '51 1 727725890 1';
const CLOSE_CAPSULE = 0x2843;

/** A connection whose client says what the test has it say. */
export class ScriptedClient {
  readonly server: ScriptedServer;
  readonly requests: WebTransportRequest[] = [];

  constructor(options: boolean | ServerWebTransportOptions = true) {
    this.server = new ScriptedServer((stream) => stream.respond({}, { endStream: true }), options);
    onTestFinished(() => this.server.webTransport?.endQueues());
  }

  /** Collects the requests of the 'webtransport' event. */
  listen(): this {
    this.server.on('webtransport', (request: WebTransportRequest) => this.requests.push(request));
    return this;
  }

  event(...events: Omit<ScriptedEvent, 'handle'>[]): void {
    this.server.connect();
    this.server.engine.script(...events.map((event) => ({ ...event, handle: 0 })));
    this.server.driver.recvData();
  }

  settings(text = DRAFT_02_SETTINGS): this {
    this.event({ kind: ServerEventKind.SETTINGS, text });
    return this;
  }

  /** An extended CONNECT. @param changes fields by name; undefined: not there */
  connect(streamId: number, changes: Readonly<Record<string, string | undefined>> = {}, fin = false): void {
    const fields = { ':method': 'CONNECT', ':protocol': 'webtransport', ...TARGET, ...changes };
    const flat = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
    this.event({ kind: ServerEventKind.REQUEST, streamId, fields: flat, flags: fin ? FIN : 0 });
  }

  /** Bytes of a CONNECT stream. */
  control(streamId: number, bytes: Buffer, fin = false): void {
    const { engine } = this.server;
    engine.body = bytes;
    engine.fin = fin;
    this.event({ kind: ServerEventKind.DATA_READABLE, streamId });
    engine.fin = false;
  }

  /** What the engine is asked to do until now, without reads. */
  calls(): string[] {
    // What is done in one turn may ask for another.
    for (let turn = 0; turn < TURNS; turn += 1) this.server.driver.sendData();
    return this.server.takeCalls().filter((call) => !call.startsWith('read '));
  }
}

const TARGET = { ':scheme': 'https', ':authority': 'test', ':path': '/chat?room=1' };

/** CLOSE (draft-ietf-webtrans-http3 5). @param reason at most 59 bytes */
export function closeCapsule(code: number, reason: string): Buffer {
  const text = Buffer.from(reason);
  const head = Buffer.alloc(7);
  head.writeUInt16BE(0x4000 | CLOSE_CAPSULE, 0);
  head.writeUInt8(4 + text.length, 2);
  head.writeUInt32BE(code, 3);
  return Buffer.concat([head, text]);
}
