import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { planSteps, runSteps, type Step } from '../../scripts/lib/scheduler.mjs';

const step = (id: string, after: readonly string[], isDone = false): Step => ({
  id,
  title: id,
  after,
  isDone: async () => isDone,
  run: async () => undefined,
});

const ids = (steps: readonly Step[]): string[] => steps.map(({ id }) => id);

describe('planSteps', () => {
  it('takes in what a missing result needs, in order', async () => {
    const steps = [step('sources', []), step('nss', ['sources'], true), step('neqo', ['nss', 'sources'])];
    expect(ids(await planSteps(steps, ['neqo']))).toEqual(['sources', 'neqo']);
  });

  it('does not ask for the sources of a result that is there', async () => {
    const steps = [step('sources', []), step('nss', ['sources']), step('addon', ['nss'], true)];
    expect(await planSteps(steps, ['addon'])).toEqual([]);
  });
});

describe('runSteps', () => {
  it('runs side by side what does not need one another, and the rest after it', async () => {
    const events: string[] = [];
    const steps = [step('a', []), step('b', []), step('c', ['a', 'b']), step('d', ['elsewhere'])];
    await runSteps(steps, async ({ id }, number) => {
      events.push(`${number} ${id}`);
      await sleep(1);
      events.push(`end ${id}`);
    });
    expect(events.slice(0, 3)).toEqual(['1 a', '2 b', '4 d']);
    expect(events.indexOf('3 c')).toBeGreaterThan(Math.max(events.indexOf('end a'), events.indexOf('end b')));
  });

  it('aborts the others at the first failure, skips what comes after, and throws that failure', async () => {
    const aborted: string[] = [];
    const steps = [step('bad', []), step('long', []), step('later', ['long'])];
    const running = runSteps(steps, async ({ id }, _number, signal) => {
      if (id === 'bad') throw new Error('no compiler');
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(id);
          reject(new Error('ended'));
        });
      });
    });
    await expect(running).rejects.toThrow('no compiler');
    expect(aborted).toEqual(['long']);
  });

  it('stops when it is interrupted', async () => {
    const interrupt = new AbortController();
    const started: string[] = [];
    const running = runSteps(
      [step('a', []), step('b', ['a'])],
      async ({ id }) => {
        started.push(id);
        interrupt.abort(new Error('stopped by SIGINT'));
        throw new Error('a command was ended');
      },
      interrupt.signal,
    );
    await expect(running).rejects.toThrow('stopped by SIGINT');
    expect(started).toEqual(['a']);
  });
});
