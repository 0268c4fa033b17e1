/**
 * What the user sees while steps run: on a terminal one live line per running step with its number, its elapsed
 * seconds and the last line of its log; elsewhere a line when a step begins, every half minute, and when it ends.
 */
const REFRESH_MS = 200;
const HEARTBEAT_MS = 30_000;

/** @param {number} since milliseconds */
const secondsSince = (since) => `${Math.round((Date.now() - since) / 1000)} s`;

/** Control characters of tools that draw their own progress would garble ours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed here
const CONTROL = /\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u001f]/g;

export class Progress {
  #out;
  #live;
  #total;
  /** @type {Map<string, { number: number, title: string, since: number, line: string }>} */
  #running = new Map();
  #drawn = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {number} total steps there are
   * @param {{ write(text: string): unknown, isTTY?: boolean, columns?: number }} [out]
   */
  constructor(total, out = process.stdout) {
    this.#total = total;
    this.#out = out;
    this.#live = out.isTTY === true;
  }

  /** @param {string} id @param {number} number @param {string} title */
  started(id, number, title) {
    this.#running.set(id, { number, title, since: Date.now(), line: '' });
    if (!this.#live) this.#out.write(`[${number}/${this.#total}] ${title} …\n`);
    this.#timer ??= setInterval(() => this.#tick(), this.#live ? REFRESH_MS : HEARTBEAT_MS).unref();
  }

  /** @param {string} id @param {string} line last line of the step's log */
  line(id, line) {
    const step = this.#running.get(id);
    if (step) step.line = line.replace(CONTROL, '');
  }

  /** @param {string} id @param {'done' | 'failed'} outcome */
  ended(id, outcome) {
    const step = this.#running.get(id);
    if (!step) return;
    this.#running.delete(id);
    this.#erase();
    this.#out.write(`[${step.number}/${this.#total}] ${step.title}: ${outcome} in ${secondsSince(step.since)}\n`);
    this.#draw();
    if (this.#running.size === 0) this.#stop();
  }

  /** @param {string} text a line that stays */
  note(text) {
    this.#erase();
    this.#out.write(`${text}\n`);
    this.#draw();
  }

  #tick() {
    if (this.#live) {
      this.#erase();
      this.#draw();
      return;
    }
    for (const step of this.#running.values()) {
      this.#out.write(`[${step.number}/${this.#total}] ${step.title}: ${secondsSince(step.since)}  ${step.line}\n`);
    }
  }

  #erase() {
    if (this.#drawn > 0) this.#out.write(`\u001b[${this.#drawn}A\u001b[0J`);
    this.#drawn = 0;
  }

  #draw() {
    if (!this.#live) return;
    const width = (this.#out.columns ?? 80) - 1;
    for (const step of this.#running.values()) {
      const text = `[${step.number}/${this.#total}] ${step.title}  ${secondsSince(step.since)}  ${step.line}`;
      this.#out.write(`${text.slice(0, width)}\n`);
      this.#drawn++;
    }
  }

  #stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
