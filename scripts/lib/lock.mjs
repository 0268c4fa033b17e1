/**
 * A lock between processes: two set-ups at once take turns instead of colliding.
 *
 * The lock is a directory with one entry that names its owner. It is put in place by rename, which fails while another
 * lock with an entry is there. An owner that is no longer alive is set aside under a name made from that owner, so of
 * several waiters that see the same dead owner only one succeeds, and none can set aside a live owner's lock.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 250;

/**
 * When a process began, so that a reused process id is not taken for the old owner. Elsewhere than on Linux always '0'.
 *
 * @param {number} pid
 */
async function startTimeOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // Fields 3 (state) and 22 (start time) of /proc/PID/stat; field 2, the name in parentheses, may have spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? 'ended' : (fields[19] ?? '0');
}

/** @param {string} owner entry of a lock directory: `PID-STARTTIME` */
async function isAlive(owner) {
  const [pid = 0, started] = owner.split('-');
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return (await startTimeOf(Number(pid))) === started;
}

/** @param {string} from @param {string} to @returns {Promise<boolean>} false if something is in the way */
async function renamed(from, to) {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EPERM' || code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Removes what waiters left that were killed while they waited.
 *
 * @param {string} path of the lock
 */
async function removeDeadClaims(path) {
  const prefix = `${basename(path)}.claim-`;
  for (const name of (await readdir(dirname(path))).filter((candidate) => candidate.startsWith(prefix))) {
    if (!(await isAlive(name.slice(prefix.length)))) {
      await rm(join(dirname(path), name), { recursive: true, force: true });
    }
  }
}

/**
 * Waits until this process holds the lock.
 *
 * @param {string} path of the lock; its parent is made if it is missing
 * @param {(pid: string) => void} [onWait] called once if another live process holds it
 * @returns {Promise<() => Promise<void>>} releases the lock
 */
export async function acquireLock(path, onWait) {
  const owner = `${process.pid}-${await startTimeOf(process.pid)}`;
  // A name for each call: several in one process wait for one another as processes do.
  const mine = `${path}.claim-${owner}-${randomUUID()}`;
  await mkdir(dirname(path), { recursive: true });
  await mkdir(join(mine, owner), { recursive: true });
  let told = false;
  /** @type {string[]} */
  const setAside = [];
  try {
    while (!(await renamed(mine, path))) {
      const [holder] = await readdir(path).catch(() => []);
      if (holder !== undefined && !(await isAlive(holder))) {
        const dead = `${path}.dead-${holder}`;
        if (await renamed(path, dead)) {
          setAside.push(dead);
          continue;
        }
      } else if (holder !== undefined && !told) {
        told = true;
        onWait?.(holder.split('-')[0] ?? holder);
      }
      await sleep(POLL_MS);
    }
  } finally {
    await rm(mine, { recursive: true, force: true });
  }
  await removeDeadClaims(path);
  return async () => {
    // Renamed first: emptying it in place would let the next owner's rename in while the removal still goes on.
    await rename(path, mine);
    await Promise.all([mine, ...setAside].map((directory) => rm(directory, { recursive: true, force: true })));
  };
}
