import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

/**
 * Checks that files can be made in a directory: the engine goes on without qlog where it cannot write, and says nothing.
 *
 * @throws Error with the system's code (ENOENT, ENOTDIR, EACCES, EROFS …) and a message that names the option
 */
export async function checkQlogDirectory(qlogDir: string): Promise<void> {
  try {
    // The dot makes the system refuse what is no directory.
    await access(`${qlogDir}/.`, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `qlogDir: ${qlogDir} is not a directory that can be written to (${code})`;
    throw Object.assign(new Error(message, { cause }), { code });
  }
}
