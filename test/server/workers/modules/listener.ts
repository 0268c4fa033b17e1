/** Worker module whose default export is a (req, res) listener, as it would be given to createSecureServer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';

// biome-ignore lint/style/noDefaultExport: the form of module that is tested
export default function listener(req: IncomingMessage, res: ServerResponse): void {
  switch (req.url) {
    case '/json': {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const { n } = JSON.parse(Buffer.concat(chunks).toString()) as { n: number };
        res
          .writeHead(201, { 'content-type': 'application/json' })
          .end(JSON.stringify({ n: n + 1, method: req.method }));
      });
      break;
    }
    case '/chunks':
      res.setHeader('x-a', ['1', '2']);
      res.writeEarlyHints({ link: '</a.css>; rel=preload' });
      res.write('one ');
      res.write('two ');
      res.addTrailers({ 'x-end': 'yes' });
      res.end('three');
      break;
    case '/file':
      (res as unknown as { stream: { respondWithFile(path: string, headers: object): void } }).stream.respondWithFile(
        fileURLToPath(import.meta.url),
        { 'content-type': 'text/plain' },
      );
      break;
    default:
      res.statusCode = 200;
      res.setHeader('content-type', 'text/plain');
      res.end(`${req.method} ${req.url} ${req.headers.host ?? ''} ${req.httpVersion}`);
  }
}
