import { type CliError, UsageError } from './exit-codes.js';

const PROGRAM = 'necko-http3';

/** What may have drawn on the terminal where messages go. */
export interface Interruptible {
  /** Takes its drawing away, runs `write`, and draws again. */
  interrupt(write: () => void): void;
}

/** How much a user wants to hear. */
export interface MessageOptions {
  readonly silent: boolean;
  readonly showError: boolean;
}

/** Everything that is said on standard error besides the progress bar. */
export class Messages {
  readonly #silent: boolean;
  readonly #showError: boolean;
  #drawing: Interruptible | undefined;

  constructor({ silent, showError }: MessageOptions) {
    this.#silent = silent;
    this.#showError = showError;
  }

  /** From now on this is interrupted for messages. */
  drawnOverBy(drawing: Interruptible): void {
    this.#drawing = drawing;
  }

  /** Text as it is, whatever the user wants to hear. */
  write(text: string): void {
    const write = (): void => {
      process.stderr.write(text);
    };
    if (this.#drawing === undefined) write();
    else this.#drawing.interrupt(write);
  }

  warning(text: string): void {
    if (!this.#silent) this.write(`Warning: ${text}\n`);
  }

  /** A failure as curl says it: `necko-http3: (7) Failed to connect …`. */
  error(error: CliError): void {
    if (error.quiet || (this.#silent && !this.#showError)) return;
    if (error instanceof UsageError) {
      this.write(`${PROGRAM}: ${error.message}\n${PROGRAM}: try '${PROGRAM} --help' for more information\n`);
    } else this.write(`${PROGRAM}: (${error.exitCode}) ${error.message}\n`);
  }
}
