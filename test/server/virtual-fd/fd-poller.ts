import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Polls descriptor 3, first at once and then until something happens, as a program without Node does. */
const POLL_SCRIPT = `
import select
poll = select.poll()
poll.register(3, select.POLLIN | select.POLLRDHUP)
names = {select.POLLIN: 'IN', select.POLLHUP: 'HUP', select.POLLRDHUP: 'RDHUP', select.POLLERR: 'ERR'}
def show(ready):
    bits = ready[0][1] if ready else 0
    print(','.join(name for bit, name in names.items() if bits & bit) or 'none', flush=True)
show(poll.poll(0))
show(poll.poll())
import socket
print(len(socket.socket(fileno=3).recv(1)), flush=True)
`;

/** A Python process that waits on a descriptor it inherited. */
export class FdPoller {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(fd: number) {
    this.#child = spawn('python3', ['-c', POLL_SCRIPT], { stdio: ['ignore', 'pipe', 'inherit', fd] });
    if (this.#child.stdout === null) throw new Error('no standard output');
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** What it says next: events before the hang-up, events of the hang-up, count of bytes read then. */
  async next(): Promise<string> {
    const { value } = await this.#lines.next();
    return String(value);
  }

  async ended(): Promise<void> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}
