/** Subprotocols of a session: WT-Available-Protocols and WT-Protocol (draft-ietf-webtrans-http3 3.3), Structured Fields of Strings. */

// Sticky, and none can backtrack over more than it has read once. Grammar: RFC 9651 4.2.
const STRING = /"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/y;
const PARAMETERS =
  /(?:; *[a-z*][a-z0-9_.*-]*(?:=(?:"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|[A-Za-z*][!#$%&'*+\-.^_`|~:/0-9A-Za-z]*|:[A-Za-z0-9+/=]*:|\?[01]|@?-?\d{1,15}(?:\.\d{1,3})?))?)*/y;
const SEPARATOR = /[ \t]*,[ \t]*/y;

/**
 * The protocols in WT-Available-Protocols, in the client's order of preference; WT-Protocol has one member only.
 *
 * @param value of the field, several fields joined with commas
 * @returns none if any member is no String, or the field cannot be parsed: it is ignored as a whole then
 */
export function parseProtocols(value: string | string[] | undefined): readonly string[] {
  if (typeof value !== 'string') return [];
  const text = value.trim();
  const protocols: string[] = [];
  let position = 0;
  const read = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position;
    const match = pattern.exec(text)?.[0];
    position += match?.length ?? 0;
    return match;
  };
  do {
    const quoted = read(STRING);
    if (quoted === undefined) return [];
    protocols.push(quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1'));
    read(PARAMETERS);
  } while (read(SEPARATOR) !== undefined);
  return position === text.length ? protocols : [];
}

/** A member of either field. @param protocol visible ASCII and spaces only (RFC 9651 3.3.3) */
export function serializeProtocol(protocol: string): string {
  return `"${protocol.replaceAll(/["\\]/g, '\\$&')}"`;
}
