/**
 * This project's server over HTTP/3, and Node's own over HTTP/2 at the TCP port of the same number. Path MTU discovery makes its packets as
 * large as TCP's: where packets get lost, throughput is in proportion to their size.
 */
import { createSecureServer } from 'necko-http3/server';
import { request } from './handler.mjs';
import { runServerProgram } from './server-program.mjs';

runServerProgram(({ key, cert }) => createSecureServer({ key, cert, tcp: true, quic: { pmtud: true } }, request));
