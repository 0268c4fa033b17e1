import { loadAddon } from '../native.js';
import { OPTION_TABLE, optionSpec } from './option-table.js';
import { packageVersion } from './package-version.js';

/** Columns for the options, before their descriptions. */
const OPTION_COLUMNS = 38;

/** Text of `--help`. */
export function helpText(): string {
  const lines = Object.keys(OPTION_TABLE).map((name) => {
    const { short, argument, help } = optionSpec(name) ?? { help: '' };
    const left = ` ${short === undefined ? '   ' : `-${short},`} --${name}${argument === undefined ? '' : ` ${argument}`}`;
    return left.length < OPTION_COLUMNS
      ? `${left.padEnd(OPTION_COLUMNS)} ${help}`
      : `${left}\n${' '.repeat(OPTION_COLUMNS)} ${help}`;
  });
  return `Usage: necko-http3 [option …] URL …\n\nFetches over HTTP/3. Options mean what they mean in curl.\n\n${lines.join('\n')}\n`;
}

/** Text of `--version`: ours, and those of what is linked in. */
export function versionText(): string {
  const versions = Object.entries(loadAddon().versions()).map(([name, version]) => `${name}/${version}`);
  return `necko-http3 ${packageVersion()} (${process.platform}-${process.arch}) node/${process.versions.node} ${versions.join(' ')}\nProtocols: https (HTTP/3)\n`;
}
