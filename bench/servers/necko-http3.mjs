/** This project's server, as it comes but for the number of workers. */
import { createSecureServer } from 'necko-http3/server';
import { request } from './handler.mjs';
import { runServerProgram } from './server-program.mjs';

const HANDLER = new URL('./handler.mjs', import.meta.url);

runServerProgram(({ key, cert, workers }) =>
  workers === 0
    ? createSecureServer({ key, cert }, request)
    : createSecureServer({ key, cert, workers: { module: HANDLER, count: workers } }),
);
