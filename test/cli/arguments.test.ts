import { describe, expect, it } from 'vitest';
import { type CliOptions, parseArguments } from '../../src/cli/arguments.js';
import { UsageError } from '../../src/cli/exit-codes.js';

const URL = 'https://example.org/';

function parse(...argv: string[]): CliOptions {
  const command = parseArguments(argv);
  if (command.kind !== 'transfer') throw new Error(`parsed as ${command.kind}`);
  return command.options;
}

describe('options are read as curl reads them', () => {
  it('bundles flags, and gives the rest of a bundle or the next word to an option with a value', () => {
    for (const words of [
      ['-sko', 'file', URL],
      ['-skofile', URL],
      ['-s', '-k', '-o', 'file', URL],
      [URL, '-sko', 'file'],
    ]) {
      expect(parse(...words)).toMatchObject({
        silent: true,
        insecure: true,
        targets: [{ url: URL, output: { kind: 'file', path: 'file' } }],
      });
    }
  });

  it('takes values attached to short options and to long ones', () => {
    expect(parse('-XPOST', '-da=b', '-HX-A: 1', '--max-redirs=3', URL)).toMatchObject({
      method: 'POST',
      data: [{ kind: 'data', value: 'a=b' }],
      headers: ['X-A: 1'],
      maxRedirects: 3,
    });
  });

  it('takes a value that begins with a dash', () => {
    expect(parse('-d', '-5', '-A', '--x', '-r', '-500', URL)).toMatchObject({
      data: [{ value: '-5' }],
      userAgent: '--x',
      range: '-500',
    });
  });

  it('knows digits as options', () => {
    expect(parse('-4', URL).family).toBe(4);
    expect(parse('-6s', URL)).toMatchObject({ family: 6, silent: true });
    expect(parse('-46', URL).family).toBe(0);
  });

  it('takes everything after -- as URLs', () => {
    expect(parse('--', '-s', URL).targets.map(({ url }) => url)).toEqual(['-s', URL]);
  });

  it('lets the last one of a single value win, and --no- take a flag back', () => {
    expect(parse('-m', '1', '-m', '2.5', '-s', '--no-silent', URL)).toMatchObject({ maxTime: 2500, silent: false });
  });

  it('keeps -d, --data-raw and --data-binary in their order', () => {
    expect(parse('--data-raw', '@a', '-d', 'b', '--data-binary', '@c', URL).data).toEqual([
      { kind: 'data-raw', value: '@a' },
      { kind: 'data', value: 'b' },
      { kind: 'data-binary', value: '@c' },
    ]);
  });

  it('gives the n-th -o, -O and -T to the n-th URL', () => {
    const { targets, warnings } = parse('-o', 'one', '-O', '-T', 'up', 'https://a/', 'https://b/x', 'https://c/');
    expect(targets).toEqual([
      { url: 'https://a/', output: { kind: 'file', path: 'one' }, upload: 'up' },
      { url: 'https://b/x', output: { kind: 'remote-name' }, upload: undefined },
      { url: 'https://c/', output: { kind: 'stdout', explicit: false }, upload: undefined },
    ]);
    expect(warnings).toEqual([]);
  });

  it('warns of outputs without URL', () => {
    expect(parse('-o', 'a', '-o', 'b', URL).warnings).toEqual(['Got more output options than URLs']);
  });

  it('takes -o - for standard output, asked for', () => {
    expect(parse('-o', '-', URL).targets[0]?.output).toEqual({ kind: 'stdout', explicit: true });
  });

  it('takes --url as a URL among the others', () => {
    expect(parse('https://a/', '--url', 'https://b/').targets.map(({ url }) => url)).toEqual([
      'https://a/',
      'https://b/',
    ]);
  });

  it.each([
    ['1000', 1000],
    ['2k', 2048],
    ['1.5M', 1_572_864],
    ['1G', 1_073_741_824],
    ['0', undefined],
  ])('reads the rate %s', (text, bytes) => {
    expect(parse('--limit-rate', text, URL).limitRate).toBe(bytes);
  });

  it('has defaults', () => {
    expect(parse(URL)).toMatchObject({ maxRedirects: 50, parallelMax: 50, maxTime: 0, progressMeter: true, family: 0 });
    expect(parse('--max-redirs', '-1', URL).maxRedirects).toBe(Number.POSITIVE_INFINITY);
  });

  it('shows help and version before anything else is looked at', () => {
    expect(parseArguments(['-h'])).toEqual({ kind: 'help' });
    expect(parseArguments(['-sV', URL])).toEqual({ kind: 'version' });
  });
});

describe('a wrong command line is refused with a message', () => {
  it.each([
    [['--nonsense', URL], 'option --nonsense: is unknown'],
    [['-sQ', URL], 'option -Q: is unknown'],
    [['--no-output', URL], 'option --no-output: is unknown'],
    [[URL, '-o'], 'option -o: requires parameter'],
    [['--silent=yes', URL], 'option --silent: takes no parameter'],
    [[], 'no URL specified'],
    [['-m', 'soon', URL], 'option --max-time: expected a proper numerical parameter'],
    [['-m', '1e999', URL], 'option --max-time: expected a proper numerical parameter'],
    [['--limit-rate', '1x', URL], "option --limit-rate: '1x' is not a number of bytes (unit k, m or g)"],
    [['--parallel-max', '0', URL], "option --parallel-max: expected a number from 1 to 300, not '0'"],
    [['-d', 'a', '-I', URL], 'You can only select one HTTP request method!'],
    [['-d', 'a', '-T', 'file', URL], 'You can only select one HTTP request method!'],
  ])('%j', (argv, message) => {
    expect(() => parseArguments(argv)).toThrow(UsageError);
    expect(() => parseArguments(argv)).toThrow(message);
  });

  it('but -d goes with -I and -T when -G puts it in the URL', () => {
    expect(parse('-G', '-d', 'a=b', '-I', URL)).toMatchObject({ get: true, head: true });
  });
});
