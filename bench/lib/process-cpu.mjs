/** Processor time of a running process, from outside. */
import { readFile } from 'node:fs/promises';

/** USER_HZ: clock ticks a second in /proc, on every Linux architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Positions of utime and stime after the command's closing parenthesis (proc(5), fields 14 and 15). */
const UTIME = 11;
const STIME = 12;

/**
 * @param {number} pid
 * @returns {Promise<number>} user and system time of all its threads in seconds; NaN where there is no /proc
 */
export async function cpuSecondsOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_SECOND;
}
