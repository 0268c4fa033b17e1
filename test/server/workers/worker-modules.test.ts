import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import type { WorkerPool } from '../../../src/server/workers/worker-pool.js';
import { WorkerPool as Pool } from '../../../src/server/workers/worker-pool.js';
import { createPool, exchange, workerModule } from './support/pool.js';

let pool: WorkerPool;
afterEach(() => pool?.close(false));

async function start(...args: Parameters<typeof createPool>): Promise<void> {
  pool = createPool(...args);
  await pool.start();
}

describe('a (req, res) listener', () => {
  test('answers', async () => {
    await start('listener.ts');
    const stream = await exchange(pool, { path: '/a?b=c' });
    expect([stream.status, stream.text]).toEqual([200, 'GET /a?b=c localhost 3.0']);
    expect(stream.sentHeaders).toMatchObject({ 'content-type': 'text/plain', date: expect.any(String) });
  });

  test('reads a body', async () => {
    await start('listener.ts');
    const body = [Buffer.from('{"n":'), Buffer.from('41}')];
    const stream = await exchange(pool, { method: 'POST', path: '/json', body });
    expect([stream.status, stream.text]).toEqual([201, '{"n":42,"method":"POST"}']);
  });

  test('sends hints, chunks and trailers', async () => {
    await start('listener.ts');
    const stream = await exchange(pool, { path: '/chunks' });
    expect(stream.sentInfoHeaders).toMatchObject([{ ':status': 103, link: '</a.css>; rel=preload' }]);
    expect(stream.sentHeaders).toMatchObject({ ':status': 200, 'x-a': ['1', '2'] });
    expect(stream.text).toBe('one two three');
    expect(stream.sentTrailers).toEqual({ 'x-end': 'yes' });
  });

  test('HEAD: the body is dropped', async () => {
    await start('listener.ts');
    const stream = await exchange(pool, { method: 'HEAD', path: '/' });
    expect([stream.status, stream.text]).toEqual([200, '']);
  });

  test('sends a file', async () => {
    await start('listener.ts');
    const stream = await exchange(pool, { path: '/file' });
    expect(stream.status).toBe(200);
    expect(Buffer.concat(stream.received)).toEqual(await readFile(workerModule('listener.ts')));
  });
});

describe('forms of modules', () => {
  test.each([
    ['listener.cjs', 'from CommonJS'],
    ['compiled.cjs', 'from a compiler'],
  ])('%s', async (module, text) => {
    await start(module);
    expect((await exchange(pool)).text).toBe(text);
  });

  test('a path relative to the working directory', async () => {
    pool = new Pool({
      module: relative(process.cwd(), fileURLToPath(workerModule('listener.cjs'))),
      count: 1,
      execArgv: ['--import', new URL('../../support/register-typescript.mjs', import.meta.url).href],
    });
    await pool.start();
    expect((await exchange(pool)).text).toBe('from CommonJS');
  });

  test('what is given to each thread; init before the first request, close after the last', async () => {
    const marks = new Int32Array(new SharedArrayBuffer(8));
    await start('environment.ts', { count: 2, workerData: marks, env: { GIVEN: 'yes' }, argv: ['--mode', 'x'] });
    expect((await exchange(pool)).text).toBe('yes,--mode x,2');
    await pool.close();
    expect([...marks]).toEqual([2, 2]);
  });
});

test.each([
  [{ module: '' }, 'workers.module'],
  [{ module: new URL('https://localhost/a.js') }, 'workers.module'],
  [{ module: 'a.js', count: 0 }, 'workers.count'],
  [{ module: 'a.js', count: 1.5 }, 'workers.count'],
  [{ module: 'a.js', policy: 'random' as 'sticky' }, 'workers.policy'],
  [{ module: 'a.js', window: 1 }, 'workers.window'],
  [{ module: 'a.js', startTimeout: -1 }, 'workers.startTimeout'],
])('options that cannot be used: %j', (options, name) => {
  expect(() => new Pool(options)).toThrow(name);
});
