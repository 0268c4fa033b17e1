import { expect, onTestFinished, test } from 'vitest';
import { Firefox } from '../../support/firefox.js';
import { serve } from '../support/served.js';
import { formBody, serveForm } from './form-site.js';

const TEXT = 'text '.repeat(5000);

test('Firefox loads a page and posts a form over HTTP/3', async () => {
  const { server, port, ca } = await serve();
  const visits = serveForm(server);
  const firefox = await Firefox.start(port, ca);
  onTestFinished(() => firefox.stop());

  await firefox.goto(`https://localhost:${port}/`);
  expect(await firefox.protocol()).toBe('h3');
  expect(await firefox.evaluate('document.title')).toBe('necko-http3');
  expect(await firefox.evaluate(`getComputedStyle(document.querySelector('p')).color`)).toBe('rgb(1, 2, 3)');

  await firefox.evaluate(`void (document.querySelector('textarea').value = ${JSON.stringify(TEXT)})`);
  await firefox.click('input[type=submit]');
  expect(await firefox.protocol()).toBe('h3');
  expect(await firefox.evaluate('document.title')).toBe('sent');

  expect(visits.map(({ method, path }) => `${method} ${path}`)).toEqual(
    expect.arrayContaining(['GET /', 'GET /style.css', 'POST /form']),
  );
  for (const { httpVersion, userAgent } of visits) {
    expect(httpVersion).toBe('3.0');
    expect(userAgent).toMatch(/Firefox/);
  }
  expect(visits.find(({ path }) => path === '/form')?.body).toBe(formBody(TEXT));
});
