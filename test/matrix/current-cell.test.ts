import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { projectRoot } from '../../scripts/lib/layout.mjs';
import { PROCESS_ENDS, runCell } from '../../scripts/matrix/cell.mjs';
import { startMatrixServer } from '../../scripts/matrix/server.mjs';

test('fetch, request, interceptors and agents of the undici in use work over HTTP/3 on this Node', async () => {
  const server = await startMatrixServer();
  onTestFinished(() => server.close());
  const { unloadable, outcomes } = await runCell(process.execPath, {
    library: join(projectRoot, 'dist/esm'),
    undici: join(projectRoot, 'node_modules/undici'),
    port: server.port,
    ca: server.ca,
    only: '',
  });
  expect(unloadable).toBeUndefined();
  expect([...outcomes.keys()]).toEqual(
    expect.arrayContaining(['request', 'interceptor retry', 'MockAgent({factory})', PROCESS_ENDS]),
  );
  const failed = [...outcomes].filter(([, failure]) => failure !== undefined);
  expect(failed).toEqual([]);
}, 60_000);
