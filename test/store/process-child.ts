/** A process that shares a file with others: pushes, then takes what it can get. */
import { SqliteAgentStore } from '../../src/client/store/sqlite-agent-store.js';
import { report, scenarioInput } from '../support/scenario.js';

const { path, number } = scenarioInput<{ readonly path: string; readonly number: number }>();
const store = new SqliteAgentStore(path, { busyTimeout: 10_000 });
const expires = Date.now() + 3_600_000;
const taken: string[] = [];
for (let round = 0; round < 100; round += 1) {
  store.push(`key ${round % 10}`, Buffer.from(`${number} ${round}`), expires);
  const value = store.take(`key ${(round + number) % 10}`);
  if (value !== undefined) taken.push(Buffer.from(value).toString());
}
store.close();
report(taken);
