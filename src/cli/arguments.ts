import { parseArgs } from 'node:util';
import { UsageError } from './exit-codes.js';
import { type FlagOption, OPTION_TABLE, type OptionName, optionSpec, type ValueOption } from './option-table.js';
import { parseCount, parseSeconds, parseSize } from './quantities.js';

/** Where a response body goes. */
export type OutputChoice =
  /** `explicit`: by `-o -`, so that binary output to a terminal is wanted. */
  | { readonly kind: 'stdout'; readonly explicit: boolean }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'remote-name' };

/** One URL of the command line with what belongs to it. */
export interface Target {
  readonly url: string;
  readonly output: OutputChoice;
  /** File of `-T`, or '-'. */
  readonly upload: string | undefined;
}

/** One `-d`, `--data-raw` or `--data-binary`. */
export interface DataArgument {
  readonly kind: 'data' | 'data-raw' | 'data-binary';
  readonly value: string;
}

/** A command line, checked. Times in milliseconds, sizes in bytes. */
export interface CliOptions {
  readonly targets: readonly Target[];
  readonly method: string | undefined;
  readonly head: boolean;
  readonly get: boolean;
  readonly data: readonly DataArgument[];
  readonly headers: readonly string[];
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
  readonly user: string | undefined;
  readonly cookies: readonly string[];
  readonly range: string | undefined;
  readonly compressed: boolean;
  readonly include: boolean;
  readonly dumpHeader: string | undefined;
  readonly outputDir: string | undefined;
  readonly createDirs: boolean;
  readonly removeOnError: boolean;
  readonly location: boolean;
  /** Infinity for any number. */
  readonly maxRedirects: number;
  readonly fail: boolean;
  readonly failEarly: boolean;
  readonly maxFileSize: number | undefined;
  readonly insecure: boolean;
  readonly caFile: string | undefined;
  readonly resolve: readonly string[];
  readonly family: 0 | 4 | 6;
  readonly connectTimeout: number | undefined;
  readonly maxTime: number;
  readonly limitRate: number | undefined;
  readonly tokenCacheFile: string | undefined;
  readonly qlogDir: string | undefined;
  readonly parallel: boolean;
  readonly parallelMax: number;
  readonly writeOut: string | undefined;
  readonly verbose: boolean;
  readonly silent: boolean;
  readonly showError: boolean;
  readonly progressMeter: boolean;
  /** Oddities worth a warning. */
  readonly warnings: readonly string[];
}

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'transfer'; readonly options: CliOptions };

const DEFAULT_PARALLEL = 50;
const MAX_PARALLEL = 300;
const DEFAULT_REDIRECTS = 50;
const MAX_REDIRECTS = 1_000_000;

/**
 * Reads a command line as curl does: flags may be bundled (`-sko FILE`), values may be attached (`-oFILE`), options and
 * URLs may come in any order, the n-th `-o`, `-O` or `-T` belongs to the n-th URL.
 *
 * @throws UsageError
 */
export function parseArguments(argv: readonly string[]): Command {
  const given = readOptions(argv);
  if (given.flag('help')) return { kind: 'help' };
  if (given.flag('version')) return { kind: 'version' };
  if (given.urls.length === 0) throw new UsageError('no URL specified');
  return { kind: 'transfer', options: toOptions(given) };
}

/** The options of a command line in their order. */
class GivenOptions {
  readonly urls: string[] = [];
  readonly #entries: { readonly name: OptionName; readonly value: string | boolean }[] = [];

  add(name: OptionName, value: string | boolean): void {
    this.#entries.push({ name, value });
    if (name === 'url') this.urls.push(String(value));
  }

  /** The last one wins, so that `--no-…` takes an earlier flag back. */
  flag(name: FlagOption): boolean {
    return this.#entries.findLast((entry) => entry.name === name)?.value === true;
  }

  last(name: ValueOption): string | undefined {
    return this.all(name).at(-1)?.value;
  }

  all<Name extends ValueOption>(...names: readonly Name[]): { readonly name: Name; readonly value: string }[] {
    return this.#entries.flatMap(({ name, value }) =>
      names.includes(name as Name) ? [{ name: name as Name, value: String(value) }] : [],
    );
  }

  /** `-o` and `-O` in their order. */
  outputs(): OutputChoice[] {
    return this.#entries.flatMap(({ name, value }): OutputChoice[] => {
      if (name === 'remote-name' && value === true) return [{ kind: 'remote-name' }];
      if (name !== 'output') return [];
      return [value === '-' ? { kind: 'stdout', explicit: true } : { kind: 'file', path: String(value) }];
    });
  }
}

function readOptions(argv: readonly string[]): GivenOptions {
  const options = Object.fromEntries(
    Object.keys(OPTION_TABLE).map((name) => {
      const { argument, short } = optionSpec(name) ?? {};
      const type: 'string' | 'boolean' = argument === undefined ? 'boolean' : 'string';
      return [name, { type, ...(short !== undefined && { short }) }];
    }),
  );
  // Not strict: a value may begin with '-', as curl allows, and the messages are ours.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const given = new GivenOptions();
  for (const token of tokens) {
    if (token.kind === 'positional') given.add('url', token.value);
    else if (token.kind === 'option') addOption(given, token);
  }
  return given;
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
}

function addOption(given: GivenOptions, { name, rawName, value }: OptionToken): void {
  const spec = optionSpec(name);
  const negated = name.startsWith('no-') ? optionSpec(name.slice(3)) : undefined;
  if (spec === undefined && negated !== undefined && negated.argument === undefined && value === undefined) {
    given.add(name.slice(3) as FlagOption, false);
    return;
  }
  if (spec === undefined) throw new UsageError(`option ${rawName}: is unknown`);
  if (spec.argument === undefined) {
    if (value !== undefined) throw new UsageError(`option ${rawName}: takes no parameter`);
    given.add(name as OptionName, true);
    return;
  }
  if (value === undefined) throw new UsageError(`option ${rawName}: requires parameter`);
  given.add(name as OptionName, value);
}

function toOptions(given: GivenOptions): CliOptions {
  const optional = <T>(name: ValueOption, parse: (option: string, text: string) => T): T | undefined => {
    const text = given.last(name);
    return text === undefined ? undefined : parse(`--${name}`, text);
  };
  const redirects = optional('max-redirs', (option, text) => parseCount(option, text, -1, MAX_REDIRECTS));
  const limitRate = optional('limit-rate', parseSize);
  const { targets, warnings } = pairTargets(given);
  const options: CliOptions = {
    targets,
    warnings,
    method: given.last('request'),
    head: given.flag('head'),
    get: given.flag('get'),
    data: given.all('data', 'data-raw', 'data-binary').map(({ name, value }) => ({ kind: name, value })),
    headers: given.all('header').map(({ value }) => value),
    userAgent: given.last('user-agent'),
    referer: given.last('referer'),
    user: given.last('user'),
    cookies: given.all('cookie').map(({ value }) => value),
    range: given.last('range'),
    compressed: given.flag('compressed'),
    include: given.flag('include'),
    dumpHeader: given.last('dump-header'),
    outputDir: given.last('output-dir'),
    createDirs: given.flag('create-dirs'),
    removeOnError: given.flag('remove-on-error'),
    location: given.flag('location'),
    maxRedirects: redirects === -1 ? Number.POSITIVE_INFINITY : (redirects ?? DEFAULT_REDIRECTS),
    fail: given.flag('fail'),
    failEarly: given.flag('fail-early'),
    maxFileSize: optional('max-filesize', parseSize),
    insecure: given.flag('insecure'),
    caFile: given.last('cacert'),
    resolve: given.all('resolve').map(({ value }) => value),
    family: given.flag('ipv4') === given.flag('ipv6') ? 0 : given.flag('ipv4') ? 4 : 6,
    connectTimeout: optional('connect-timeout', parseSeconds),
    maxTime: optional('max-time', parseSeconds) ?? 0,
    // curl: a rate of 0 is no limit.
    limitRate: limitRate === 0 ? undefined : limitRate,
    tokenCacheFile: given.last('0rtt-cache'),
    qlogDir: given.last('qlog'),
    parallel: given.flag('parallel'),
    parallelMax:
      optional('parallel-max', (option, text) => parseCount(option, text, 1, MAX_PARALLEL)) ?? DEFAULT_PARALLEL,
    writeOut: given.last('write-out'),
    verbose: given.flag('verbose'),
    silent: given.flag('silent'),
    showError: given.flag('show-error'),
    progressMeter: !given.flag('no-progress-meter'),
  };
  checkMethodChoice(options);
  return options;
}

function pairTargets(given: GivenOptions): { targets: Target[]; warnings: string[] } {
  const outputs = given.outputs();
  const uploads = given.all('upload-file');
  const targets = given.urls.map((url, index) => ({
    url,
    output: outputs[index] ?? { kind: 'stdout' as const, explicit: false },
    upload: uploads[index]?.value,
  }));
  const warnings: string[] = [];
  if (outputs.length > targets.length) warnings.push('Got more output options than URLs');
  if (uploads.length > targets.length) warnings.push('Got more upload options than URLs');
  return { targets, warnings };
}

/** curl: `-I`, `-d` without `-G`, and `-T` each choose the method. */
function checkMethodChoice({ head, get, data, targets }: CliOptions): void {
  const chosen = [
    ...(head ? ['HEAD (-I, --head)'] : []),
    ...(data.length > 0 && !get ? ['POST (-d, --data)'] : []),
    ...(targets.some(({ upload }) => upload !== undefined) ? ['PUT (-T, --upload-file)'] : []),
  ];
  if (chosen.length > 1) {
    throw new UsageError(`You can only select one HTTP request method! You asked for ${chosen.join(' and ')}.`);
  }
}
