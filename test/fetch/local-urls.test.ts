import { expect, it } from 'vitest';
import { fetch } from '../../src/client/fetch/fetch.js';
import { getConnectionInfo } from '../../src/client/fetch/response-info.js';

it('data: URLs need no network', async () => {
  const response = await fetch('data:text/plain;charset=utf-8,gr%C3%BCn');
  expect(response.headers.get('content-type')).toBe('text/plain;charset=utf-8');
  expect(await response.text()).toBe('grün');
  expect(getConnectionInfo(response)).toBeUndefined();
});

it('blob: URLs need no network', async () => {
  const url = URL.createObjectURL(new Blob(['text'], { type: 'x/y' }));
  const response = await fetch(url);
  expect({ type: response.headers.get('content-type'), text: await response.text() }).toEqual({
    type: 'x/y',
    text: 'text',
  });
  URL.revokeObjectURL(url);
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});

it.each(['file:///etc/hostname', 'ftp://localhost/', 'about:config'])('%s is refused', async (url) => {
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});
