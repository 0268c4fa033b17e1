#!/usr/bin/env node
import { errorMessage } from '../errors.js';
import { type Command, parseArguments } from './arguments.js';
import { CliError, EXIT } from './exit-codes.js';
import { helpText, versionText } from './help.js';
import { Messages } from './messages.js';
import { Run } from './run.js';

/** Runs one command line; resolves with its exit code. Failures that concern no single transfer are reported here. */
async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  let messages = new Messages({ silent: false, showError: true });
  try {
    const command: Command = parseArguments(argv);
    if (command.kind === 'transfer') {
      messages = new Messages(command.options);
      return await new Run(command.options, messages, signal).run();
    }
    process.stdout.write(command.kind === 'help' ? helpText() : versionText());
    return EXIT.OK;
  } catch (error) {
    const failure = error instanceof CliError ? error : new CliError(EXIT.USAGE, errorMessage(error), { cause: error });
    messages.error(failure);
    return failure.exitCode;
  }
}

const interruption = new AbortController();
/** The first signal ends the transfers in order; a second one ends the process as it always does. */
function onSignal(exitCode: number): () => void {
  return () => interruption.abort(new CliError(exitCode, 'Interrupted', { quiet: true }));
}
process.once('SIGINT', onSignal(EXIT.INTERRUPTED));
process.once('SIGTERM', onSignal(EXIT.TERMINATED));
// Whoever writes there is told by the write itself; nobody is left to tell that the reader of standard error has gone.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

void main(process.argv.slice(2), interruption.signal).then((exitCode) => {
  // A reader that has stopped reading must not keep an interrupted process.
  if (interruption.signal.aborted) process.exit(exitCode);
  process.exitCode = exitCode;
});
