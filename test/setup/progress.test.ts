import { describe, expect, it } from 'vitest';
import { Progress } from '../../scripts/lib/progress.mjs';

class Screen {
  readonly columns = 30;
  readonly isTTY;
  text = '';

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

describe('Progress', () => {
  it('prints a line for the beginning and the end of a step where there is no terminal', () => {
    const screen = new Screen(false);
    const progress = new Progress(2, screen);
    progress.started('nss', 1, 'NSS');
    progress.line('nss', '[1/868] CC ssl.o');
    progress.ended('nss', 'done');
    expect(screen.text).toBe('[1/2] NSS …\n[1/2] NSS: done in 0 s\n');
  });

  it('keeps finished steps above the live lines on a terminal', () => {
    const screen = new Screen(true);
    const progress = new Progress(2, screen);
    progress.started('npm', 1, 'npm');
    progress.started('nss', 2, 'NSS');
    progress.line('nss', 'a long line of a compiler\u001b[31m with a colour');
    progress.ended('npm', 'done');
    progress.ended('nss', 'failed');
    const [first, live] = screen.text.split('\n');
    expect(first).toBe('[1/2] npm: done in 0 s');
    expect(live).toBe('[2/2] NSS  0 s  a long line o');
    expect(screen.text.endsWith('\u001b[1A\u001b[0J[2/2] NSS: failed in 0 s\n')).toBe(true);
  });
});
