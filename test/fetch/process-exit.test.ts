import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { wantsHttp2 } from '../../src/client/dispatcher/agent-options.js';
import { runScenario } from '../support/scenario.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import type { ExitInput, ExitReport, SceneName } from './process-exit-child.js';
import { servePeer } from './support/fetch-peer.js';

// These use fetch as it comes, with its default agent: the protocol is its choice.
it.each<[SceneName, ExitReport]>([
  ['the first response, over TCP', { text: 'text', protocol: wantsHttp2({}) ? 'h2' : 'http/1.1' }],
  ['a response over HTTP/3', { text: 'text', protocol: 'h3' }],
  ['a response whose body nobody reads', { text: '', protocol: 'h3' }],
  ['an aborted request', { text: 'AbortError', protocol: 'h3' }],
  ['a cancelled body', { text: '', protocol: 'h3' }],
  ['a late answer', { text: 'late', protocol: 'h3' }],
  ['nothing but an installed agent', { text: '' } as ExitReport],
  ['the built-in fetch over an installed agent', { text: 'text' } as ExitReport],
])('after %s the process ends by itself', async (scene, expected) => {
  const { origin, ca } = await servePeer((request, response) => {
    if (request.url === '/stall') response.write('some');
    else if (request.url === '/late') setTimeout(() => response.end('late'), 500);
    else response.end('text');
  });
  const caFile = join(await temporaryDirectory(), 'ca.pem');
  await writeFile(caFile, ca);
  const input: ExitInput = { scene, origin };
  const child = new URL('./process-exit-child.ts', import.meta.url);
  const env = { NODE_EXTRA_CA_CERTS: caFile };
  expect(await runScenario<ExitReport>(child, input, { env, deadlineMs: 30_000 })).toEqual(expected);
});
