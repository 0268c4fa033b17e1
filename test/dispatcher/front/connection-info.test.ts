import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ResponseConnectionInfo } from '../../../src/client/dispatcher/connection-info.js';
import type { ResponseMessage } from '../../../src/client/dispatcher/diagnostics.js';
import { front } from './front.js';
import { modernHandler } from './handlers.js';

describe('which connection answers', () => {
  it('is said before the response, with the moments of the request', async () => {
    const { dispatcher, origin, port } = await front((stream) => stream.end('x'));
    const infos: ResponseConnectionInfo[] = [];
    for (let time = 0; time < 2; time += 1) {
      const { handler, recording } = modernHandler();
      const onConnectionInfo = (info: ResponseConnectionInfo): void => {
        expect(recording.calls).not.toContain('onResponseStart');
        infos.push(info);
      };
      dispatcher.dispatch({ origin, method: 'GET', path: '/', onConnectionInfo } as never, handler);
      await recording.done;
    }
    const [first, second] = infos;
    expect(infos).toHaveLength(2);
    expect(first).toMatchObject({
      protocol: 'h3',
      remoteAddress: '127.0.0.1',
      remotePort: port,
      resumed: false,
      earlyData: false,
    });
    expect(first?.connection?.alpnProtocol).toBe('h3');
    const { start, connectStart, connectEnd, requestSent, responseStart } = first?.timings ?? { start: 0 };
    const moments = [start, connectStart, connectEnd, requestSent, responseStart];
    expect(moments).not.toContain(undefined);
    expect([...moments].sort((a, b) => Number(a) - Number(b))).toEqual(moments);
    // The second found the connection there.
    expect(second?.timings).toMatchObject({ connectStart: undefined, connectEnd: undefined });
    expect(second?.localPort).toBe(first?.localPort);
  });

  it('is published on a channel of our own', async () => {
    const messages: ResponseMessage[] = [];
    const listener = (message: unknown): void => {
      messages.push(message as ResponseMessage);
    };
    subscribe('necko-http3:response', listener);
    onTestFinished(() => {
      unsubscribe('necko-http3:response', listener);
    });
    const { dispatcher, origin } = await front((stream) => stream.end('x'));
    await (await dispatcher.request({ origin, method: 'GET', path: '/a' })).body.dump();
    expect(messages).toMatchObject([{ request: { origin, method: 'GET', path: '/a' }, info: { protocol: 'h3' } }]);
  });

  it('may make its listener throw, which fails the request', async () => {
    const { dispatcher, origin } = await front((stream) => stream.on('error', () => undefined).end('x'));
    const thrown = new Error('thrown');
    const { handler, recording } = modernHandler();
    const onConnectionInfo = (): never => {
      throw thrown;
    };
    dispatcher.dispatch({ origin, method: 'GET', path: '/', onConnectionInfo } as never, handler);
    await recording.done;
    expect(recording.error).toBe(thrown);
    expect(recording.calls).not.toContain('onResponseStart');
  });
});
