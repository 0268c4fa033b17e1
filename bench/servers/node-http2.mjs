/** Node's own HTTP/2 server. */
import { createSecureServer } from 'node:http2';
import { request } from './handler.mjs';
import { runServerProgram } from './server-program.mjs';

runServerProgram(({ key, cert }) =>
  createSecureServer({ key, cert }, /** @type {any} The compatibility classes differ in details. */ (request)),
);
