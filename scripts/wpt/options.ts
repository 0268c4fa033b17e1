/** The command's arguments. */
import { parseArgs } from 'node:util';

export const usage = `Usage: npm run test:wpt -- [option …] [TEST …]

Runs the WebTransport part of the web platform tests in Node and, for comparison, in Chromium, against our own server.
TEST is a part of a file's name; without any, all files run.

--node-only    not in Chromium
--chromium-only  not in Node; nothing is compared with what is expected
--verbose      show each subtest that does not pass, expected or not
`;

export interface Options {
  readonly help: boolean;
  readonly hosts: readonly ('node' | 'chromium')[];
  readonly verbose: boolean;
  /** Parts of names. */
  readonly only: readonly string[];
}

/** @throws TypeError for an unknown option */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', default: false },
      'node-only': { type: 'boolean', default: false },
      'chromium-only': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
    },
  });
  const hosts: ('node' | 'chromium')[] = [];
  if (!values['chromium-only']) hosts.push('node');
  if (!values['node-only']) hosts.push('chromium');
  return { help: values.help, hosts, verbose: values.verbose, only: positionals };
}
