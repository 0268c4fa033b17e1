import cliProgress from 'cli-progress';
import type { Interruptible } from './messages.js';

/** What the bar shows of a transfer; asked anew for each frame. Bytes. */
export interface ProgressSource {
  readonly label: string;
  readonly downloaded: number;
  /** undefined while it is not known. */
  readonly downloadSize: number | undefined;
  readonly uploaded: number;
  readonly uploadSize: number | undefined;
}

/** Sums over all transfers that the bar stands for. */
interface Totals {
  readonly bytes: number;
  readonly size: number | undefined;
  readonly direction: string;
  readonly label: string;
}

const FRAMES_PER_SECOND = 10;
/** The bar is shorter where the line is. */
const MAX_BAR_CHARACTERS = 28;
const GAP = '  ';
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/**
 * The progress bar on standard error. Transfers that run at the same time share one bar, which shows their sum; a bar stays
 * on the screen when its last transfer has ended.
 */
export class Progress implements Interruptible {
  readonly #running = new Set<ProgressSource>();
  #finished: ProgressSource[] = [];
  #bar: cliProgress.SingleBar | undefined;
  #start = 0;

  /** Shows a transfer until {@link remove}. */
  add(source: ProgressSource): void {
    this.#running.add(source);
    if (this.#bar !== undefined) return;
    this.#start = performance.now();
    this.#draw();
  }

  remove(source: ProgressSource): void {
    if (!this.#running.delete(source)) return;
    this.#finished.push(source);
    if (this.#running.size === 0) this.#end();
  }

  interrupt(write: () => void): void {
    const drawn = this.#bar !== undefined;
    this.clear();
    write();
    if (drawn) this.#draw();
  }

  /** Takes the bar away and gives the cursor back. */
  clear(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #end(): void {
    this.clear();
    process.stderr.write(`${this.#line(process.stderr.columns)}\n`);
    this.#finished = [];
  }

  #draw(): void {
    this.#bar = new cliProgress.SingleBar({
      stream: process.stderr,
      format: (_options, { maxWidth }) => this.#line(maxWidth),
      fps: FRAMES_PER_SECOND,
      hideCursor: true,
      linewrap: false,
      clearOnComplete: true,
      // Signals are handled in one place, which ends the bar.
      gracefulExit: false,
    });
    this.#bar.start(1, 0);
  }

  #line(columns: number): string {
    const totals = this.#totals();
    const { bytes, size, direction, label } = totals;
    const seconds = Math.max(0.001, (performance.now() - this.#start) / 1000);
    const speed = bytes / seconds;
    const ahead = size === undefined ? '' : ` of ${formatBytes(size)}`;
    const facts = `${direction} ${formatBytes(bytes)}${ahead}  ${formatBytes(speed)}/s  ${timeText(totals, speed, seconds)}`;
    const bar = size === undefined ? '' : `${barText(bytes, size, columns - facts.length - GAP.length - 1)}${GAP}`;
    return `${bar}${facts}${GAP}${label}`.slice(0, Math.max(1, columns - 1));
  }

  #totals(): Totals {
    const all = [...this.#finished, ...this.#running];
    const sum = (pick: (source: ProgressSource) => number | undefined): number | undefined =>
      all.reduce<number | undefined>((total, source) => {
        const value = pick(source);
        return total === undefined || value === undefined ? undefined : total + value;
      }, 0);
    const uploading = all.some(
      ({ uploaded, uploadSize, downloaded }) => downloaded === 0 && (uploadSize ?? uploaded) > 0,
    );
    return {
      bytes: sum(({ uploaded, downloaded }) => (uploading ? uploaded : downloaded)) ?? 0,
      size: sum(({ uploadSize, downloadSize }) => (uploading ? uploadSize : downloadSize)),
      direction: uploading ? 'up' : 'down',
      label: all.length === 1 ? (all[0]?.label ?? '') : `${this.#finished.length} of ${all.length} transfers`,
    };
  }
}

/** @param columns there are for the percentage and the bar */
function barText(bytes: number, size: number, columns: number): string {
  const share = size === 0 ? 1 : Math.min(1, bytes / size);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const width = Math.min(MAX_BAR_CHARACTERS, Math.max(0, columns - percent.length - 1));
  const filled = Math.round(share * width);
  return `${percent} ${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
}

function timeText({ bytes, size }: Totals, speed: number, seconds: number): string {
  if (size === undefined || bytes >= size || speed === 0) return formatSeconds(seconds);
  return `${formatSeconds((size - bytes) / speed)} left`;
}

/** Bytes with a binary unit, for people. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds < 10 ? seconds.toFixed(1) : whole} s`;
  const minutes = Math.floor(whole / 60);
  const text = (count: number): string => String(count).padStart(2, '0');
  return minutes < 60
    ? `${minutes}:${text(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${text(minutes % 60)}:${text(whole % 60)}`;
}
