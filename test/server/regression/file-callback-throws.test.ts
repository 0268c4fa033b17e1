import { expect, it } from 'vitest';
import { runScenario } from '../../support/scenario.js';
import type { ExceptionsReport } from '../user-exceptions-child.js';

it.each(['statCheck', 'onError'])('%s throws: an uncaught exception, and the client does not wait', async (name) => {
  const child = new URL('../user-exceptions-child.ts', import.meta.url);
  expect(await runScenario<ExceptionsReport>(child, { event: name })).toEqual({
    uncaught: [`thrown in ${name}`],
    errorName: 'H3_INTERNAL_ERROR',
    after: 5,
  });
});
