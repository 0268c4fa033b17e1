import { describe, expect, it } from 'vitest';
import { newReport, type TransferReport } from '../../src/cli/transfer-report.js';
import { formatWriteOut } from '../../src/cli/write-out.js';

function report(changes: Partial<TransferReport> = {}): TransferReport {
  return {
    ...newReport(1, 'example.org'),
    effectiveUrl: 'https://example.org/',
    method: 'GET',
    status: 200,
    headers: ['content-type', 'text/plain', 'x-a', '1', 'x-a', '2'],
    downloaded: 3_000,
    headerBytes: 120,
    ...changes,
    times: { ...newReport(0, '').times, connect: 0.0123456, total: 1.5 },
  };
}

function stdout(format: string, changes: Partial<TransferReport> = {}): string {
  const unknown: string[] = [];
  const parts = formatWriteOut(format, report(changes), (name) => unknown.push(name));
  expect(unknown).toEqual([]);
  expect(parts.every(({ stream }) => stream === 'stdout')).toBe(true);
  return parts.map(({ text }) => text).join('');
}

describe('-w', () => {
  it('prints variables among text', () => {
    expect(stdout('%{http_code} %{response_code} %{http_version}|%{size_download} %{size_header}|%{urlnum}')).toBe(
      '200 200 3|3000 120|1',
    );
    expect(stdout('%{url} %{url_effective} %{method} %{content_type} %{scheme}')).toBe(
      'example.org https://example.org/ GET text/plain HTTPS',
    );
  });

  it('prints times with six digits and speeds as whole bytes', () => {
    expect(stdout('%{time_connect} %{time_total} %{speed_download}')).toBe('0.012346 1.500000 2000');
  });

  it('prints 000, 0 and nothing where there was no response', () => {
    const failed = { status: 0, headers: [], exitCode: 7, errorMessage: 'no way' };
    expect(stdout('%{http_code} %{http_version} [%{content_type}] %{exitcode} %{errormsg}', failed)).toBe(
      '000 0 [] 7 no way',
    );
  });

  it('knows escapes, a percent sign, and leaves what it does not know', () => {
    expect(stdout('a\\tb\\nc\\rd\\\\e\\xf 100%% %d %{')).toBe('a\tb\nc\rd\\e\\xf 100% %d %{');
  });

  it('prints response headers by name', () => {
    expect(stdout('%header{Content-Type} [%header{missing}]')).toBe('text/plain []');
  });

  it('prints headers and everything as JSON', () => {
    expect(JSON.parse(stdout('%{header_json}'))).toEqual({ 'content-type': ['text/plain'], 'x-a': ['1', '2'] });
    expect(JSON.parse(stdout('%{json}'))).toMatchObject({
      http_code: 200,
      http_version: '3',
      time_total: 1.5,
      errormsg: null,
      early_data: 'none',
      resumed: 0,
    });
  });

  it('changes between standard output and standard error', () => {
    const parts = formatWriteOut('a%{stderr}b%{stdout}c', report(), () => undefined);
    expect(parts).toEqual([
      { stream: 'stdout', text: 'a' },
      { stream: 'stderr', text: 'b' },
      { stream: 'stdout', text: 'c' },
    ]);
  });

  it('prints what follows onerror only after a failure', () => {
    expect(stdout('a%{onerror}b')).toBe('a');
    expect(stdout('a%{onerror}b', { exitCode: 22 })).toBe('ab');
  });

  it('tells of variables that do not exist', () => {
    const unknown: string[] = [];
    expect(formatWriteOut('%{nope}%{constructor}', report(), (name) => unknown.push(name))).toEqual([]);
    expect(unknown).toEqual(['nope', 'constructor']);
  });
});
