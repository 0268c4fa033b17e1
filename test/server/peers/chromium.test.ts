import { expect, onTestFinished, test } from 'vitest';
import { Chromium } from '../../support/chromium.js';
import { serve, testIdentity } from '../support/served.js';
import { formBody, serveForm } from './form-site.js';

/** More than one datagram, less than a browser sends in its first flight. */
const TEXT = 'text '.repeat(5000);

test('Chromium loads a page and posts a form over HTTP/3', async () => {
  const { server, port, origin } = await serve();
  const visits = serveForm(server);
  const { certificate } = await testIdentity();
  const chromium = await Chromium.start({ quicOrigins: [`127.0.0.1:${port}`], trusted: [certificate.certPem] });
  onTestFinished(() => chromium.stop());
  const page = await chromium.newPage();

  await page.goto(`${origin}/`);
  expect(await page.protocol()).toBe('h3');
  expect(await page.evaluate('document.title')).toBe('necko-http3');
  expect(await page.evaluate(`getComputedStyle(document.querySelector('p')).color`)).toBe('rgb(1, 2, 3)');

  await page.evaluate(`void (document.querySelector('textarea').value = ${JSON.stringify(TEXT)})`);
  await page.follow(`document.querySelector('form').submit()`);
  expect(await page.protocol()).toBe('h3');
  expect(await page.evaluate('document.title')).toBe('sent');
  expect(await page.evaluate('document.body.innerText')).toBe(String(formBody(TEXT).length));

  expect(visits.map(({ method, path }) => `${method} ${path}`)).toEqual(
    expect.arrayContaining(['GET /', 'GET /style.css', 'POST /form']),
  );
  for (const { httpVersion, userAgent } of visits) {
    expect(httpVersion).toBe('3.0');
    expect(userAgent).toMatch(/Chrome/);
  }
  expect(visits.find(({ path }) => path === '/form')?.body).toBe(formBody(TEXT));
});
