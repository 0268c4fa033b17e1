import type { Http3SecureServer } from '../../../src/server/index.js';

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>necko-http3</title>
<link rel="stylesheet" href="/style.css">
<p>A page.</p>
<form method="post" action="/form">
  <input name="name" value="Jürgen &amp; Œuvre">
  <textarea name="text"></textarea>
  <input type="submit">
</form>`;
const STYLE = 'p { color: rgb(1, 2, 3) }';
/** No icon: browsers ask for one by themselves. */
const NOT_FOUND = 404;

/** A request as the server saw it. */
export interface Visit {
  readonly method: string;
  readonly path: string;
  readonly httpVersion: string;
  readonly userAgent: string;
  readonly body: string;
}

/** Serves a page with a style sheet and a form, and notes every request when its body has come. */
export function serveForm(server: Http3SecureServer): readonly Visit[] {
  const visits: Visit[] = [];
  server.on('request', async (request, response) => {
    request.setEncoding('utf8');
    let body = '';
    for await (const text of request) body += String(text);
    const { method = '', url: path = '', httpVersion, headers } = request;
    visits.push({ method, path, httpVersion, userAgent: headers['user-agent'] ?? '', body });
    if (path === '/') {
      response.setHeader('content-type', 'text/html').end(PAGE);
    } else if (path === '/style.css') {
      response.setHeader('content-type', 'text/css').end(STYLE);
    } else if (path === '/form') {
      response.setHeader('content-type', 'text/html').end(`<!doctype html><title>sent</title><p>${body.length}`);
    } else {
      response.writeHead(NOT_FOUND).end();
    }
  });
  return visits;
}

/** What a browser sends of the form for this text. */
export function formBody(text: string): string {
  return new URLSearchParams({ name: 'Jürgen & Œuvre', text }).toString();
}
