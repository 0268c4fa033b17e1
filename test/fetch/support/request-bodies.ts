import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** What a server received. */
export interface ReceivedRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** latin1 */
  readonly body: string;
}

/** Answers with what was received, as JSON. */
export async function answerWithRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = (await buffer(request)).toString('latin1');
  const { method, url, headers } = request;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method, url, headers, body } satisfies ReceivedRequest));
}

/** What `answerWithRequest` answered. */
export async function received(response: { json(): Promise<unknown> }): Promise<ReceivedRequest> {
  return (await response.json()) as ReceivedRequest;
}
