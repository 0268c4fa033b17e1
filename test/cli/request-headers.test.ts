import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliOptions, parseArguments } from '../../src/cli/arguments.js';
import { buildRequestHeaders, type RequestContext, readHeaderLines } from '../../src/cli/request-headers.js';
import { dataUpload } from '../../src/cli/upload.js';
import { parseUrl } from '../../src/cli/url.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const URL = 'https://example.org/path';
const CONTEXT: RequestContext = { method: 'GET', url: parseUrl(URL), upload: undefined, sameOrigin: true };

function options(argv: readonly string[]): CliOptions {
  const command = parseArguments([...argv, URL]);
  if (command.kind !== 'transfer') throw new Error(`parsed as ${command.kind}`);
  return command.options;
}

async function headersOf(argv: readonly string[], context: Partial<RequestContext> = {}): Promise<object> {
  const parsed = options(argv);
  return buildRequestHeaders(parsed, await readHeaderLines(parsed.headers), { ...CONTEXT, ...context });
}

describe('the header section of a request', () => {
  it('has a user agent and accepts everything', async () => {
    expect(await headersOf([])).toEqual({
      ':method': 'GET',
      ':path': '/path',
      'user-agent': [expect.stringMatching(/^necko-http3\/\d/)],
      accept: ['*/*'],
    });
  });

  it('has what the options ask for', async () => {
    const argv = ['-A', 'me', '-e', 'https://r/', '-u', 'a:b', '-b', 'x=1', '-b', 'y=2', '-r', '0-9', '--compressed'];
    expect(await headersOf(argv)).toMatchObject({
      'user-agent': ['me'],
      referer: ['https://r/'],
      authorization: [`Basic ${Buffer.from('a:b').toString('base64')}`],
      cookie: ['x=1; y=2'],
      range: ['bytes=0-9'],
      'accept-encoding': ['deflate, gzip, br'],
    });
  });

  it('has type and length of the body', async () => {
    expect(await headersOf([], { upload: dataUpload(Buffer.from('a=b')) })).toMatchObject({
      'content-type': ['application/x-www-form-urlencoded'],
      'content-length': ['3'],
    });
  });

  it('is changed by -H: replaced, removed, emptied, repeated', async () => {
    const argv = ['-H', 'Accept: text/html', '-H', 'User-Agent:', '-H', 'X-Empty;', '-H', 'X-A: 1', '-H', 'X-A: 2'];
    const headers = await headersOf(argv);
    expect(headers).toMatchObject({ accept: ['text/html'], 'x-empty': [''], 'x-a': ['1', '2'] });
    expect(headers).not.toHaveProperty('user-agent');
  });

  it('loses the user agent to an empty -A', async () => {
    expect(await headersOf(['-A', ''])).not.toHaveProperty('user-agent');
  });

  it('never has fields of HTTP/1.1 connections', async () => {
    const headers = await headersOf(['-H', 'Connection: close', '-H', 'Transfer-Encoding: chunked']);
    expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(['connection']));
    expect(headers).not.toHaveProperty('transfer-encoding');
  });

  it('carries the bytes of the command line', async () => {
    expect(await headersOf(['-H', 'X-A: ü'])).toMatchObject({ 'x-a': ['\u00c3\u00bc'] });
  });

  it('leaves credentials behind when another origin is asked', async () => {
    const argv = ['-u', 'a:b', '-b', 'x=1', '-H', 'Authorization: Bearer t', '-H', 'Cookie: y=2', '-H', 'X-A: 1'];
    const headers = await headersOf(argv, { sameOrigin: false });
    expect(headers).toMatchObject({ 'x-a': ['1'] });
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('cookie');
  });

  it('uses the credentials of the URL', async () => {
    const headers = await headersOf(['-u', 'other:x'], { url: parseUrl('https://me:pw@example.org/') });
    expect(headers).toMatchObject({ authorization: [`Basic ${Buffer.from('me:pw').toString('base64')}`] });
  });
});

describe('header lines', () => {
  it('are read from a file', async () => {
    const file = join(await temporaryDirectory(), 'headers');
    await writeFile(file, 'X-A: 1\r\n\r\nX-B;\n');
    expect(await readHeaderLines([`@${file}`])).toEqual([
      { name: 'X-A', value: '1' },
      { name: 'X-B', value: '' },
    ]);
  });

  it.each(['no separator', ': value', 'X-A; value'])('%j is refused', async (line) => {
    await expect(readHeaderLines([line])).rejects.toThrow('is not a header line');
  });
});
