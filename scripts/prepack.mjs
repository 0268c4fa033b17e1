/**
 * Runs before `npm pack` and `npm publish`: builds what is missing and puts this platform's addon where the package
 * carries it, with the licences of what is linked into it.
 */
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { produceDirectory } from './lib/atomic.mjs';
import { projectRoot } from './lib/layout.mjs';
import { collectLicences } from './lib/licences.mjs';
import { defaultGoals, setUp } from './lib/setup.mjs';
import { addonFile } from './steps/addon.mjs';

const inputs = await setUp({ goals: [...defaultGoals, 'sources', 'crates'] });
await produceDirectory(join(projectRoot, 'prebuilds', `${process.platform}-${process.arch}`), async (directory) => {
  await copyFile(addonFile, join(directory, 'necko_http3.node'));
  await writeFile(join(directory, 'LICENSES.txt'), await collectLicences(inputs));
});
