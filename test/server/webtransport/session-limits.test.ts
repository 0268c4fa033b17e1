import { expect, it } from 'vitest';
import { ServerEventKind } from '../../../src/native-server.js';
import { encodeFlowControl, FlowCapsule } from '../../../src/stream/webtransport/capsules.js';
import { flowControlSettings } from '../../stream/webtransport/session-fixture.js';
import { ScriptedClient } from './support/scripted-client.js';

const SETTINGS = [...flowControlSettings(1000, 10, 10)].flat().join(' ');
const DRAFT_15 = { ':protocol': 'webtransport-h3' };
const FLOW_CONTROL_ERROR = 0x045d4487;
const STREAMS = 4;

const start = (): ScriptedClient => new ScriptedClient({ maxUnidirectionalStreams: STREAMS }).listen();

/** The client opens unidirectional streams in session 0, and resets them. */
function openAndReset(client: ScriptedClient, count: number, reset = true): void {
  for (let id = 2; id < 2 + 4 * count; id += 4) {
    client.event({ kind: ServerEventKind.WEBTRANSPORT_STREAM, streamId: id, number: 0 });
    if (reset) client.event({ kind: ServerEventKind.RESET, streamId: id, number: 0 });
  }
}

it.each([true, false])(
  'a client that breaks a limit before there is an answer has given its request up (%s)',
  (early) => {
    const client = start();
    if (early) openAndReset(client, STREAMS + 1, false);
    client.settings(SETTINGS);
    client.connect(0, DRAFT_15);
    if (!early) openAndReset(client, STREAMS + 1, false);
    const calls = client.calls();
    expect(calls).toContain(`reset 0 ${FLOW_CONTROL_ERROR}`);
    expect(calls.some((call) => call.startsWith('respond'))).toBe(false);
    expect(client.requests.map(({ aborted }) => aborted)).toEqual(early ? [] : [true]);
    expect(client.server.webTransport?.stats().pending).toBe(0);
  },
);

it('a client that gives the CONNECT stream no credit gets the newest limits only, after the 2xx', () => {
  const client = start().settings(SETTINGS);
  const { engine } = client.server;
  client.connect(0, DRAFT_15);
  openAndReset(client, 3);
  expect(client.calls().filter((call) => call.startsWith('send'))).toEqual([]);
  engine.window = 0;
  client.requests[0]?.accept();
  client.calls();
  openAndReset(client, 1);
  for (let id = 100; id < 2000; id += 4) {
    client.event({ kind: ServerEventKind.WEBTRANSPORT_STREAM, streamId: id + 2, number: 0 });
    client.event({ kind: ServerEventKind.RESET, streamId: id + 2, number: 0 });
    client.calls();
  }
  engine.window = Number.POSITIVE_INFINITY;
  client.event({ kind: ServerEventKind.DATA_WRITABLE, streamId: 0 });
  const sent = client.calls().filter((call) => call.startsWith('send 0 '));
  expect(sent).toHaveLength(1);
  const bytes = Buffer.from(sent[0]?.slice('send 0 '.length) ?? '', 'latin1');
  const one = encodeFlowControl(FlowCapsule.MAX_DATA, 2 ** 31).length;
  expect(bytes.length).toBeLessThanOrEqual(2 * one);
});
