import { parseAltSvc } from '../../http/alt-svc.js';
import type { HttpsRecordResolver } from '../../http/https-record.js';
import { count } from '../../http/option-checks.js';
import type { Origin } from '../../http/origin.js';
import type { AgentStore, MaybePromise } from '../store/agent-store.js';
import { type AlternativeHint, type HintedPlace, resolveHints } from './alternative-hints.js';
import { findHttpsServices, type HttpsService } from './https-service.js';
import {
  type Announced,
  type Announcement,
  type BrokenMark,
  decodeAnnouncement,
  decodeBrokenMarks,
  encode,
  MAX_REMEMBERED,
} from './remembered-origin.js';

export type { AlternativeHint } from './alternative-hints.js';

/** Where HTTP/3 of an origin is. */
export interface Alternative {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly source: 'alt-svc' | 'https-record' | 'hint';
  /** Milliseconds since the epoch; Infinity for a hint. */
  readonly expires: number;
  /** For Encrypted Client Hello, from an HTTPS record. */
  readonly echConfigList?: Uint8Array;
}

export interface AlternativeServicesOptions {
  /** Origins that are kept in memory; the least recently used is forgotten first. Default 1,024. */
  readonly maxOrigins?: number;
  readonly hints?: readonly AlternativeHint[];
  /** Every origin is taken to speak HTTP/3 at its own host and port, if nothing else is known. Default false. */
  readonly everyOrigin?: boolean;
  readonly resolveHttpsRecord?: HttpsRecordResolver | undefined;
  /** Told what the store, or what it gave back, did wrong; on a stack of its own. */
  readonly onStoreError: (error: unknown) => void;
}

/** What is known of an origin. */
interface Knowledge {
  announcement: Announcement | undefined;
  /** The field that was learnt last, to do nothing when it comes with every response. */
  field: string | undefined;
  services: readonly HttpsService[];
  /** When the records are asked for again. */
  servicesDue: number;
  broken: readonly BrokenMark[];
  loaded: boolean;
  /** When the store is read again. */
  storeDue: number;
  loading: Promise<void> | undefined;
}

const DEFAULT_MAX_ORIGINS = 1_024;
/** All times in milliseconds. */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How old the knowledge of what others stored may be. */
const STORE_REFRESH = MINUTE;
/** What a request waits for the store and the records: it can always go over TCP. */
const LOAD_TIMEOUT = 1_000;
/** When the query for records is given up. */
const RESOLVE_TIMEOUT = 5_000;
/** Before a query for records that failed or found none is tried again. */
const RESOLVE_RETRY = 5 * MINUTE;
/** Of a record's life, after which it is asked for again. */
const RENEWAL = 0.8;
/** RFC 7838 2.4 leaves it open; Chromium's values. */
const FIRST_BROKEN_TIME = 5 * MINUTE;
const LONGEST_BROKEN_TIME = 48 * HOUR;
/** An Alt-Svc field that has not changed is not looked at more often. */
const LEARN_INTERVAL = 1_000;
/** How much later a life may end than the store knows: a tenth of it, at most this. */
const EXPIRY_TOLERANCE = MINUTE;
/** How long it is remembered that an origin has no alternatives any more. */
const CLEARED_TIME = 24 * HOUR;

const announcementKey = ({ href }: Origin): string => `alt-svc:${href}`;
const brokenKey = ({ href }: Origin): string => `broken:${href}`;

/**
 * Which alternative an origin has for HTTP/3: what Alt-Svc fields said (RFC 7838), HTTPS records (RFC 9460), and hints, in this
 * order; without those that were broken lately. In front of the store is a memory, which {@link known} reads at once. Nothing
 * here throws into a request, or waits long.
 */
export class AlternativeServices {
  /** In the order of use, by origin. */
  readonly #origins = new Map<string, Knowledge>();
  readonly #store: AgentStore;
  readonly #maxOrigins: number;
  readonly #hints: ReadonlyMap<string, readonly HintedPlace[]>;
  readonly #everyOrigin: boolean;
  readonly #resolve: HttpsRecordResolver | undefined;
  readonly #onStoreError: (error: unknown) => void;
  /** What was learnt on another network does not hold, unless it persists (RFC 7838 2.2). */
  #networkSince = Number.NEGATIVE_INFINITY;

  /** @throws InvalidArgumentError that names the option */
  constructor(
    store: AgentStore,
    { maxOrigins, hints = [], everyOrigin = false, resolveHttpsRecord, onStoreError }: AlternativeServicesOptions,
  ) {
    this.#store = store;
    this.#maxOrigins = count('maxOrigins', maxOrigins, DEFAULT_MAX_ORIGINS, Number.MAX_SAFE_INTEGER, 1);
    this.#hints = resolveHints(hints);
    this.#everyOrigin = everyOrigin;
    this.#resolve = resolveHttpsRecord;
    this.#onStoreError = onStoreError;
  }

  /** The alternative to use now; null if there is none; undefined if {@link load} has to be asked. */
  known(origin: Origin): Alternative | null | undefined {
    const knowledge = this.#origins.get(origin.href);
    if (knowledge?.loaded !== true) return undefined;
    const now = Date.now();
    this.#touch(origin, knowledge);
    if (now >= knowledge.storeDue || now >= knowledge.servicesDue) void this.#refresh(origin, knowledge);
    return this.#choose(origin, knowledge, now);
  }

  /** Reads the store and asks for HTTPS records. Never rejects; takes at most a second, and goes on behind if that is too short. */
  async load(origin: Origin): Promise<void> {
    const knowledge = this.#knowledge(origin);
    if (knowledge.loaded) return;
    await withinTime(this.#refresh(origin, knowledge), LOAD_TIMEOUT, { keepsProcess: true });
    knowledge.loaded = true;
  }

  /**
   * An Alt-Svc field of an authenticated response: it replaces what was announced before (RFC 7838 3).
   *
   * @param altSvc several fields joined with commas
   * @param age of the response in seconds, as its Age field says
   */
  learn(origin: Origin, altSvc: string, age = 0): void {
    const now = Date.now();
    const knowledge = this.#knowledge(origin);
    const before = knowledge.announcement;
    // It comes with every response.
    const sameField = knowledge.field === altSvc && before !== undefined;
    if (sameField && now - before.at < LEARN_INTERVAL) return;
    const entries = parseAltSvc(altSvc);
    // A field in which nothing can be read says nothing.
    if (entries !== 'clear' && entries.length === 0) return;
    const alternatives = (entries === 'clear' ? [] : entries)
      .filter(({ protocol, maxAge }) => protocol === 'h3' && maxAge > age)
      .slice(0, MAX_REMEMBERED)
      .map(({ host, port, maxAge, persist }) => ({
        host: host === '' ? origin.host : host,
        port,
        expires: now + (maxAge - Math.max(0, age)) * 1_000,
        persist,
      }));
    // The store hears of it when there is something to say.
    if (sameField && endsAlike(before.alternatives, alternatives, now)) return;
    knowledge.field = altSvc;
    knowledge.announcement = { at: now, alternatives };
    // That there are none any more is worth knowing for others that remember some.
    const expires = Math.max(now + CLEARED_TIME, ...alternatives.map((alternative) => alternative.expires));
    this.#write(() => this.#store.set(announcementKey(origin), encode({ at: now, alternatives }), expires));
  }

  /** The alternative did not work: it is left alone for 5 minutes, and twice as long after each further failure, up to 48 hours. */
  markBroken(origin: Origin, { host, port }: Alternative): void {
    const knowledge = this.#knowledge(origin);
    const now = Date.now();
    const last = knowledge.broken.find((mark) => isAt(mark, host, port));
    // Several connections that fail at once are one failure.
    if (last !== undefined && last.until > now) return;
    const failures = (last?.count ?? 0) + 1;
    const time = Math.min(FIRST_BROKEN_TIME * 2 ** (failures - 1), LONGEST_BROKEN_TIME);
    const mark = { host, port, at: now, until: now + time, count: failures };
    knowledge.broken = newestMarks([...knowledge.broken, mark]);
    this.#writeBroken(origin, knowledge);
  }

  /** The alternative works: its failures are forgotten. */
  markWorking(origin: Origin, { host, port }: Alternative): void {
    const knowledge = this.#origins.get(origin.href);
    if (knowledge?.broken.some((mark) => isAt(mark, host, port)) !== true) return;
    knowledge.broken = knowledge.broken.filter((mark) => !isAt(mark, host, port));
    this.#writeBroken(origin, knowledge);
  }

  /**
   * This machine is on another network: alternatives that do not persist, broken marks and records are forgotten (RFC 7838 2.2).
   * What the store has of them stays for others, and counts for nothing here.
   */
  networkChanged(): void {
    const now = Date.now();
    this.#networkSince = now;
    for (const knowledge of this.#origins.values()) {
      knowledge.announcement = this.#stillValid(knowledge.announcement);
      knowledge.field = undefined;
      knowledge.broken = [];
      knowledge.services = [];
      knowledge.servicesDue = now;
    }
  }

  #choose(origin: Origin, { announcement, services, broken }: Knowledge, now: number): Alternative | null {
    const usable = ({ host, port, expires }: { host: string; port: number; expires: number }): boolean =>
      expires > now && !broken.some((mark) => isAt(mark, host, port) && mark.until > now);
    const announced = announcement?.alternatives.find(usable);
    if (announced !== undefined) {
      const { host, port, expires } = announced;
      // RFC 9460 9.3: a connection to it has to agree with the records, if it is one of them.
      const record = services.find((service) => isAt(service, host, port) && service.expires > now);
      return { host, port, expires, source: 'alt-svc', ...echOf(record) };
    }
    const service = services.find(usable);
    if (service !== undefined) {
      const { host, port, expires } = service;
      return { host, port, expires, source: 'https-record', ...echOf(service) };
    }
    const hints = this.#hints.get(origin.href) ?? (this.#everyOrigin ? [origin] : []);
    const hint = hints.find(({ host, port }) => usable({ host, port, expires: Number.POSITIVE_INFINITY }));
    if (hint === undefined) return null;
    const { host, port } = hint;
    return { host, port, expires: Number.POSITIVE_INFINITY, source: 'hint' };
  }

  /** One at a time for an origin. Never rejects. */
  #refresh(origin: Origin, knowledge: Knowledge): Promise<void> {
    if (knowledge.loading === undefined) {
      const now = Date.now();
      const parts: Promise<void>[] = [];
      if (now >= knowledge.storeDue) parts.push(withinTime(this.#readStore(origin, knowledge), RESOLVE_TIMEOUT));
      if (now >= knowledge.servicesDue) parts.push(this.#readRecords(origin, knowledge));
      knowledge.loading = Promise.all(parts).then(() => {
        knowledge.loading = undefined;
      });
    }
    return knowledge.loading;
  }

  async #readStore(origin: Origin, knowledge: Knowledge): Promise<void> {
    knowledge.storeDue = Date.now() + STORE_REFRESH;
    try {
      const [stored, marks] = await Promise.all([
        this.#store.get(announcementKey(origin)),
        this.#store.get(brokenKey(origin)),
      ]);
      const announcement = stored === undefined ? undefined : decodeAnnouncement(stored);
      // The newest counts. What the store has not kept holds here all the same.
      if (announcement !== undefined && announcement.at > (knowledge.announcement?.at ?? Number.NEGATIVE_INFINITY)) {
        knowledge.announcement = this.#stillValid(announcement);
        knowledge.field = undefined;
      }
      const others = marks === undefined ? [] : decodeBrokenMarks(marks);
      knowledge.broken = newestMarks([...knowledge.broken, ...others.filter(({ at }) => at >= this.#networkSince)]);
    } catch (error) {
      this.#report(error);
    }
  }

  async #readRecords(origin: Origin, knowledge: Knowledge): Promise<void> {
    const resolve = this.#resolve;
    knowledge.servicesDue = Number.POSITIVE_INFINITY;
    if (resolve === undefined) return;
    const network = this.#networkSince;
    const abort = new AbortController();
    let services: readonly HttpsService[] = [];
    try {
      const asked = findHttpsServices(origin, resolve, abort.signal).then((found) => {
        if (!abort.signal.aborted) services = found;
      });
      await withinTime(asked, RESOLVE_TIMEOUT);
    } catch {
      // No answer is no record (RFC 9460 3.1: records are optional for https).
    }
    abort.abort();
    const now = Date.now();
    if (network !== this.#networkSince) services = [];
    knowledge.services = services;
    const life = Math.min(...services.map(({ expires }) => expires - now));
    knowledge.servicesDue = now + (services.length === 0 ? RESOLVE_RETRY : Math.max(life * RENEWAL, LOAD_TIMEOUT));
  }

  /** Without what does not hold on this network. */
  #stillValid(announcement: Announcement | undefined): Announcement | undefined {
    if (announcement === undefined || announcement.at >= this.#networkSince) return announcement;
    return { ...announcement, alternatives: announcement.alternatives.filter(({ persist }) => persist) };
  }

  #writeBroken(origin: Origin, { broken }: Knowledge): void {
    const key = brokenKey(origin);
    if (broken.length === 0) {
      this.#write(() => this.#store.delete(key));
      return;
    }
    // The count is remembered for some time after the mark has ended: a path that fails again is left alone for longer.
    const expires = Math.max(...broken.map(({ until }) => until)) + LONGEST_BROKEN_TIME;
    this.#write(() => this.#store.set(key, encode(broken), expires));
  }

  /** Behind the request that caused it. */
  #write(write: () => MaybePromise<void>): void {
    const run = async () => write();
    run().catch((error: unknown) => this.#report(error));
  }

  #report(error: unknown): void {
    process.nextTick(this.#onStoreError, error);
  }

  #knowledge(origin: Origin): Knowledge {
    const knowledge = this.#origins.get(origin.href) ?? {
      announcement: undefined,
      field: undefined,
      services: [],
      servicesDue: 0,
      broken: [],
      loaded: false,
      storeDue: 0,
      loading: undefined,
    };
    this.#touch(origin, knowledge);
    return knowledge;
  }

  /** Makes the origin the one that was used last. */
  #touch({ href }: Origin, knowledge: Knowledge): void {
    this.#origins.delete(href);
    this.#origins.set(href, knowledge);
    if (this.#origins.size <= this.#maxOrigins) return;
    const oldest = this.#origins.keys().next();
    if (oldest.done !== true) this.#origins.delete(oldest.value);
  }
}

function isAt(place: { readonly host: string; readonly port: number }, host: string, port: number): boolean {
  return place.host === host && place.port === port;
}

function echOf(service: HttpsService | undefined): { echConfigList?: Uint8Array } {
  return service?.echConfigList === undefined ? {} : { echConfigList: service.echConfigList };
}

/** Whether the lives of the same alternatives end at nearly the same time. */
function endsAlike(before: readonly Announced[], after: readonly Announced[], now: number): boolean {
  return after.every(({ expires }, index) => {
    const later = expires - (before[index]?.expires ?? 0);
    return Math.abs(later) < Math.min(EXPIRY_TOLERANCE, (expires - now) / 10);
  });
}

/** Of each place the newest. */
function newestMarks(marks: readonly BrokenMark[]): readonly BrokenMark[] {
  return marks
    .toSorted((left, right) => right.at - left.at)
    .filter((mark, index, sorted) => sorted.findIndex(({ host, port }) => isAt(mark, host, port)) === index)
    .slice(0, MAX_REMEMBERED);
}

/** Settles with the promise, or fulfils when the time is over. Only where a request waits does the process stay for it. */
async function withinTime(promise: Promise<void>, milliseconds: number, { keepsProcess = false } = {}): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
    if (!keepsProcess) timer.unref();
  });
  try {
    await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}
