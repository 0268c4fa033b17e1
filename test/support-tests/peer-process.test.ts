import { describe, expect, onTestFinished, test } from 'vitest';
import { PeerProcess } from '../support/peer-process.js';
import { waitForQuic } from '../support/quic-probe.js';
import { PATIENTLY } from './patience.js';
import { UdpEcho } from './udp-echo.js';

function startNode(source: string, onLine?: (line: string) => void): PeerProcess {
  const peer = new PeerProcess(process.execPath, ['-e', source], onLine === undefined ? {} : { onLine });
  onTestFinished(() => peer.kill());
  return peer;
}

describe('PeerProcess', () => {
  test('hands lines over both ways and keeps a log', async () => {
    const lines: string[] = [];
    const peer = startNode(
      `process.stdin.on('data', (text) => { console.log('got ' + text); console.error('noted') })`,
      (line) => lines.push(line),
    );
    peer.writeLine('something');
    await expect.poll(() => lines[0], PATIENTLY).toBe('got something');
    await expect.poll(() => peer.log(), PATIENTLY).toContain('noted');
    await peer.stop();
    expect(peer.isRunning).toBe(false);
  });

  test('a peer that ends instead of doing what it should is an error with its output', async () => {
    const peer = startNode(`console.error('out of luck'); process.exit(7)`);
    const never = new Promise<void>(() => undefined);
    await expect(peer.expect('should listen', never, 20_000)).rejects.toThrow(
      /should listen, but it ended \(exit code 7\)\nout of luck/,
    );
  });

  test('a peer that takes too long is an error, too', async () => {
    const peer = startNode('setInterval(() => {}, 1000)');
    const never = new Promise<void>(() => undefined);
    await expect(peer.expect('should hurry', never, 10)).rejects.toThrow(/should hurry, but it is still running/);
  });

  test('a program that is not there', async () => {
    const peer = new PeerProcess('/nowhere/at-all', []);
    const never = new Promise<void>(() => undefined);
    await expect(peer.expect('should start', never, 20_000)).rejects.toThrow(/ended \(.*(127|ENOENT)/);
    await peer.stop();
    expect(peer.isRunning).toBe(false);
  });
});

describe('waitForQuic', () => {
  test('takes no echo for Version Negotiation and gives up when told', async () => {
    const echo = await UdpEcho.start();
    onTestFinished(() => echo.close());
    let probes = 0;
    expect(await waitForQuic(echo.host, echo.port, () => probes++ < 3)).toBeUndefined();
    expect(echo.received.length).toBeGreaterThan(0);
    expect(echo.received[0]?.length).toBe(1200);
  });
});
