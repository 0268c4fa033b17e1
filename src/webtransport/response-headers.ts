/** Negotiated by the API itself (draft-ietf-webtrans-http3 3.3). */
const PROTOCOL_HEADER = 'wt-protocol';

function immutable(): never {
  throw new TypeError('The headers are immutable');
}

/** A Headers object with the guard "immutable", without the answer to `protocols`. @param fields name, value, name, value … */
export function responseHeaders(fields: readonly string[]): Headers {
  const headers = new Headers();
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [name = '', value = ''] = fields.slice(index, index + 2);
    if (!name.startsWith(':') && name.toLowerCase() !== PROTOCOL_HEADER) headers.append(name, value);
  }
  return Object.defineProperties(headers, {
    append: { value: immutable },
    set: { value: immutable },
    delete: { value: immutable },
  });
}
