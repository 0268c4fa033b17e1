/** This project's client, through its public API and as it comes (path MTU discovery is off by default). */
import { connect } from 'necko-http3';
import { runClientProgram } from '../lib/client-program.mjs';

/** @typedef {import('necko-http3').ClientHttp3Session} Session */

/** @type {import('../lib/client-program.mjs').Adapter<Session>} */
const adapter = {
  open: (target, ca) => connect(target.origin, { ca, tokenStore: false }),
  get: (session, target) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':path': target.path });
      let bytes = 0;
      stream.on('response', (headers) => {
        if (headers[':status'] !== 200) reject(new Error(`status ${headers[':status']}`));
      });
      stream.on('data', (chunk) => {
        bytes += chunk.length;
      });
      stream.on('end', () => resolve(bytes));
      stream.on('error', reject);
    }),
  close: (session) => void session.close(),
};

await runClientProgram(adapter);
