import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** An open file descriptor of this process (Linux). */
export interface Descriptor {
  readonly fd: number;
  /** `udp`, `udp6`, `tcp`, `tcp6`, `unix`, `netlink`, `socket` (another family), `pipe`, `anon` (epoll, eventfd …) or `file`. */
  readonly kind: string;
  /** What /proc/self/fd links to, such as `socket:[4711]`; it tells two descriptors of the same number apart. */
  readonly target: string;
}

/** Files of /proc/self/net with the column (from 0) that holds the inode. */
const SOCKET_TABLES = [
  ['udp', 9],
  ['udp6', 9],
  ['tcp', 9],
  ['tcp6', 9],
  ['unix', 6],
  ['netlink', 9],
] as const;

function socketKinds(): Map<string, string> {
  const kinds = new Map<string, string>();
  for (const [kind, column] of SOCKET_TABLES) {
    for (const line of readTable(kind)) {
      const inode = line.trim().split(/\s+/)[column];
      if (inode !== undefined) {
        kinds.set(inode, kind);
      }
    }
  }
  return kinds;
}

function readTable(kind: string): string[] {
  try {
    return readFileSync(`/proc/self/net/${kind}`, 'latin1').split('\n').slice(1);
  } catch {
    // A kernel without IPv6, say, has no such table.
    return [];
  }
}

function kindOf(target: string, sockets: ReadonlyMap<string, string>): string {
  const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
  if (inode !== undefined) {
    return sockets.get(inode) ?? 'socket';
  }
  return /^(pipe|anon)/.exec(target)?.[1] ?? 'file';
}

/** This process's open descriptors, without the one that the listing itself opens. */
export function listDescriptors(): Descriptor[] {
  const sockets = socketKinds();
  const descriptors: Descriptor[] = [];
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`);
      descriptors.push({ fd: Number(name), kind: kindOf(target, sockets), target });
    } catch {
      // The directory's own descriptor was closed when its listing ended.
    }
  }
  return descriptors;
}

/** The descriptors open now that were not open in `before`. */
export function newDescriptors(before: readonly Descriptor[]): Descriptor[] {
  const known = new Set(before.map(({ fd, target }) => `${fd} ${target}`));
  return listDescriptors().filter(({ fd, target }) => !known.has(`${fd} ${target}`));
}

/**
 * Waits until no descriptor is open that was not open in `before`. Closing may take turns of the event loop, so it looks again
 * for a while before it gives up.
 * @param before from {@link listDescriptors}
 * @param patienceMs default 5,000
 * @throws Error that lists the descriptors left open
 */
export async function expectNoNewDescriptors(before: readonly Descriptor[], patienceMs = 5_000): Promise<void> {
  const giveUpMs = performance.now() + patienceMs;
  let left = newDescriptors(before);
  while (left.length > 0) {
    if (performance.now() > giveUpMs) {
      const lines = left.map(({ fd, kind, target }) => `${fd} ${kind} ${target}`);
      throw new Error(`${left.length} descriptors left open:\n${lines.join('\n')}`);
    }
    await sleep(10);
    left = newDescriptors(before);
  }
}
