import { describe, expect, it } from 'vitest';
import { CloseKind } from '../../src/native.js';
import { closeReasonToError } from '../../src/session/close-reason.js';

describe('closeReasonToError', () => {
  it.each([
    [CloseKind.NONE, 0, true, 'ERR_HTTP3_CONNECTION_CLOSED', false],
    [CloseKind.TRANSPORT, 0xa, true, 'ERR_QUIC_TRANSPORT', false],
    [CloseKind.APPLICATION, 0x100, true, 'ERR_HTTP3_CONNECTION_CLOSED', false],
    [CloseKind.APPLICATION, 0x105, true, 'ERR_HTTP3_CONNECTION', false],
    [CloseKind.PEER_TRANSPORT, 0x0, true, 'ERR_HTTP3_CONNECTION_CLOSED', false],
    [CloseKind.PEER_TRANSPORT, 0x2, false, 'ECONNREFUSED', true],
    [CloseKind.PEER_TRANSPORT, 0xa, true, 'ERR_QUIC_TRANSPORT', false],
    [CloseKind.PEER_TRANSPORT, 0x178, false, 'ERR_TLS_ALERT', true],
    [CloseKind.PEER_APPLICATION, 0x100, true, 'ERR_HTTP3_CONNECTION_CLOSED', false],
    [CloseKind.PEER_APPLICATION, 0x102, true, 'ERR_HTTP3_CONNECTION', false],
    [CloseKind.IDLE_TIMEOUT, 0, true, 'ERR_QUIC_IDLE_TIMEOUT', false],
    [CloseKind.IDLE_TIMEOUT, 0, false, 'ETIMEDOUT', true],
    [CloseKind.STATELESS_RESET, 0, true, 'ECONNRESET', false],
    [CloseKind.CRYPTO_ALERT, 40, false, 'ERR_TLS_ALERT', true],
    [CloseKind.CRYPTO, 12_263, false, 'ERR_TLS_HANDSHAKE', true],
    [CloseKind.ECH_RETRY, 0, false, 'ERR_TLS_ECH_RETRY', true],
    [CloseKind.VERSION_NEGOTIATION, 0, false, 'ERR_QUIC_VERSION_NEGOTIATION', true],
    [CloseKind.INTERNAL, 1, true, 'ERR_QUIC_INTERNAL', false],
    [CloseKind.HANDSHAKE_TIMEOUT, 0, false, 'ETIMEDOUT', true],
  ])('kind %i code %i, connected %s: %s', (kind, code, connected, expected, safeToRetry) => {
    const error = closeReasonToError({ kind, code, text: 'Text' }, connected);
    expect(error).toMatchObject({ code: expected, safeToRetry });
  });

  it('covers every kind', () => {
    expect(Object.keys(CloseKind)).toHaveLength(13);
  });

  it("names the wire's codes", () => {
    expect(closeReasonToError({ kind: CloseKind.PEER_APPLICATION, code: 0x102, text: '' }, true)).toMatchObject({
      errorCode: 0x102,
      errorName: 'H3_INTERNAL_ERROR',
      message: 'The server closed the connection with H3_INTERNAL_ERROR',
    });
    expect(closeReasonToError({ kind: CloseKind.PEER_TRANSPORT, code: 0x178, text: '' }, false).message).toBe(
      'TLS handshake failed: the server sent alert 120 (no_application_protocol)',
    );
  });
});
