import { Request, type RequestInit } from 'undici';
import { encodeForm, type FormDataLike } from '../dispatcher/multipart.js';
import type { AnyDispatcher } from '../dispatcher/typed-dispatcher.js';
import { abortableBody } from './abortable-body.js';

/** Any fetch's first argument: undici's, this realm's (Node's built-in Request), or that of another copy of undici. */
export type FetchInput = string | URL | Request | globalThis.Request;

/** Any fetch's second argument. `dispatcher` is undici's: it carries this request instead of the agent. */
export type FetchInit = (Omit<RequestInit, 'dispatcher'> | Omit<globalThis.RequestInit, 'dispatcher'>) & {
  readonly dispatcher?: AnyDispatcher | undefined;
};

/** Arguments that undici's own fetch understands. */
export interface RequestArguments {
  readonly input: string | URL | Request;
  readonly init: RequestInit;
}

/** The members of RequestInit (Fetch 5.4) that undici reads, except `dispatcher`. */
const INIT_MEMBERS = [
  'body',
  'cache',
  'credentials',
  'duplex',
  'headers',
  'integrity',
  'keepalive',
  'method',
  'mode',
  'priority',
  'redirect',
  'referrer',
  'referrerPolicy',
  'signal',
  'window',
] as const;

/** What a Request says of these about itself; `duplex` is not among it in every Node. */
const REQUEST_MEMBERS = INIT_MEMBERS.filter((name) => name !== 'duplex' && name !== 'priority' && name !== 'window');

type Members = Partial<Record<(typeof INIT_MEMBERS)[number], unknown>>;

/**
 * Makes arguments for undici's fetch of what any fetch takes. undici knows only its own copy of Request and FormData: of others it would
 * send '[object FormData]'. Headers, Blob, File, URLSearchParams, ReadableStream and AbortSignal are the same for all.
 *
 * Members are read as WebIDL reads a dictionary, inherited ones and getters included: a Request is a valid `init`.
 *
 * @throws TypeError if the body of a foreign Request was used already (Fetch 5.4, step 40)
 */
export function requestArguments(input: FetchInput, init: FetchInit | undefined): RequestArguments {
  const members: Members = {};
  if (init !== undefined && init !== null) copyMembers(members, init, INIT_MEMBERS);
  if (hasTag(members.body, 'FormData')) members.body = formAsBlob(members.body as FormDataLike);
  if (hasTag(input, 'Request') && !(input instanceof Request)) {
    const foreign = input as globalThis.Request;
    return { input: foreign.url, init: finished(withForeignRequest(foreign, members)) };
  }
  const own = input as RequestArguments['input'];
  return { input: own, init: finished(members, own instanceof Request ? own.signal : undefined) };
}

/** @param ownSignal of a Request, which holds unless `init` has one */
function finished(members: Members, ownSignal?: unknown): RequestInit {
  // Without `duplex` a stream is refused, and stays as it is.
  const { duplex, body, signal = ownSignal } = members;
  if (duplex === 'half' && body !== undefined) members.body = abortableBody(body, signal);
  return members as RequestInit;
}

/**
 * Fetch 5.4 for a Request as `input`, with its members as those of `init`. Its body goes as the stream that it shows: what the stream was
 * made of cannot be seen from outside, so no content-length is known, and a redirect that needs the body again (307, 308) fails.
 */
function withForeignRequest(foreign: globalThis.Request, init: Members): Members {
  const members: Members = {};
  copyMembers(members, foreign, REQUEST_MEMBERS);
  // Step 13: any member of `init` resets these two, and the mode of a navigation.
  if (Object.keys(init).length > 0) {
    delete members.referrer;
    delete members.referrerPolicy;
    if (members.mode === 'navigate') members.mode = 'same-origin';
  }
  if (init.body === undefined || init.body === null) {
    if (foreign.bodyUsed)
      throw new TypeError('Cannot construct a Request with a Request object that has already been used.');
    // A null body of `init` leaves the Request's own in place (step 37).
    delete init.body;
    if (members.body !== null) members.duplex = 'half';
  }
  return Object.assign(members, init);
}

function copyMembers(to: Members, from: object, names: readonly (keyof Members)[]): void {
  for (const name of names) {
    const value: unknown = Reflect.get(from, name);
    if (value !== undefined) to[name] = value;
  }
}

function hasTag(value: unknown, tag: string): boolean {
  return typeof value === 'object' && value !== null && Reflect.get(value, Symbol.toStringTag) === tag;
}

/**
 * A form of any copy of FormData, as a Blob of the same bytes. undici would send its own copy's alone, and encodes that again for a
 * redirect (307, 308): with another boundary than the content-type field has. Files are not read before they are sent.
 */
function formAsBlob(form: FormDataLike): Blob {
  const { parts, contentType } = encodeForm(form);
  return new Blob(parts as ConstructorParameters<typeof Blob>[0], { type: contentType });
}
