/** The handlers by the last part of the path that the tests ask for, which names the suite's own in Python. */
import { clientClose, query } from './client-close.js';
import { echo, echoDatagramLength } from './echo.js';
import type { Handler } from './handler.js';
import { customResponse, echoRequestHeaders } from './headers.js';
import { abortStreamFromServer, serverClose, serverConnectionClose, serverReadThenClose } from './server-ends.js';

export const handlers: ReadonlyMap<string, Handler> = new Map([
  ['abort-stream-from-server.py', abortStreamFromServer],
  ['client-close.py', clientClose],
  ['custom-response.py', customResponse],
  ['echo.py', echo],
  ['echo-request-headers.py', echoRequestHeaders],
  ['echo_datagram_length.py', echoDatagramLength],
  ['query.py', query],
  ['server-close.py', serverClose],
  ['server-connection-close.py', serverConnectionClose],
  ['server-read-then-close.py', serverReadThenClose],
]);
