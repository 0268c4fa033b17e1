/** Worker module that takes its time. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export function request(_req: IncomingMessage, res: ServerResponse): void {
  setTimeout(() => res.end(), 300);
}
