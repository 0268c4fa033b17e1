import { randomUUID } from 'node:crypto';
import type { BlobLike, BodyPart } from '../../http/blob-body.js';

/** A FormData of any realm: Node's, or any undici's. */
export interface FormDataLike
  extends Iterable<[name: string, value: string | (BlobLike & { readonly name?: string })]> {
  readonly [Symbol.toStringTag]: 'FormData';
}

/** A form as a request body. */
export interface MultipartForm {
  readonly parts: readonly BodyPart[];
  readonly contentType: string;
}

const LINE_END = /\r\n|\r|\n/g;

/**
 * Encodes a form as the HTML standard says (multipart/form-data encoding algorithm; RFC 7578). undici's own encoder gives a
 * stream that can be read once and does not say how long it is; this one gives the parts, so that the body has a length and can be
 * sent again.
 */
export function encodeForm(form: FormDataLike): MultipartForm {
  const boundary = `----necko-http3-${randomUUID()}`;
  const parts: BodyPart[] = [];
  let text = '';
  for (const [name, value] of form) {
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name.replace(LINE_END, '\r\n'))}"`;
    if (typeof value === 'string') {
      text += `\r\n\r\n${value.replace(LINE_END, '\r\n')}\r\n`;
      continue;
    }
    const type = value.type ? value.type : 'application/octet-stream';
    text += `; filename="${escapeName(value.name ?? 'blob')}"\r\nContent-Type: ${type}\r\n\r\n`;
    parts.push(Buffer.from(text), value);
    text = '\r\n';
  }
  parts.push(Buffer.from(`${text}--${boundary}--\r\n`));
  return { parts, contentType: `multipart/form-data; boundary=${boundary}` };
}

function escapeName(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}
