import { expect, it } from 'vitest';
import { nodeArgumentsFor } from '../../support/child-module.js';
import { fetchBytes } from '../../support/settlement.js';
import { serve } from '../support/served.js';
import { workerModule } from '../workers/support/pool.js';

it('the responses of workers have no date if the server is to send none', async () => {
  const execArgv = nodeArgumentsFor('worker-entry.ts');
  const workers = { module: workerModule('listener.ts'), count: 1, execArgv };
  const { connect } = await serve({ sendDate: false, workers });
  const { headers } = await fetchBytes(connect());
  expect(headers).toHaveProperty(':status', 200);
  expect(headers).not.toHaveProperty('date');
});
