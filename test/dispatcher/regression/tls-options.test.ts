import { describe, expect, it } from 'vitest';
import type { Http3AgentOptions } from '../../../src/client/dispatcher/agent-options.js';
import { Http3Agent } from '../../../src/client/dispatcher/http3-agent.js';
import { ask, serveChoices } from '../../protocol/support/choice-peer.js';

describe('what a user demands of TLS', () => {
  it.each([
    ['ciphers', 'TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384'],
    ['ecdhCurve', 'P-256'],
    ['sigalgs', 'ecdsa_secp256r1_sha256'],
    ['maxVersion', 'TLSv1.2'],
    ['checkServerIdentity', () => undefined],
  ])('is not lost by a change to QUIC: connect.%s', async (name, value) => {
    const peer = await serveChoices();
    const connect = { ca: peer.ca, [name]: value } as Http3AgentOptions['connect'];
    const agent = peer.makeAgent({ connect: connect ?? {}, hints: [{ origin: peer.origin, port: peer.port }] });
    expect(await ask(agent, peer.origin)).toMatchObject({ status: 200, version: '2.0' });
    expect(await ask(agent, peer.origin)).toMatchObject({ status: 200, version: '2.0' });
    expect(() => new Http3Agent({ protocol: 'h3', connect: connect ?? {} })).toThrow(name);
  });

  it('is kept by QUIC where it can be', async () => {
    const peer = await serveChoices();
    const connect = { ca: peer.ca, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as Http3AgentOptions['connect'];
    const agent = peer.makeAgent({ connect: connect ?? {}, protocol: 'h3' });
    expect(await ask(agent, peer.origin)).toMatchObject({ status: 200, version: '3.0' });
  });
});
