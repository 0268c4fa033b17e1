/** A worker of the cluster that `cluster-child.ts` is the primary of. Nothing here knows of other workers. */
import { createSecureServer } from '../../../src/server/index.js';
import { onStream } from './handler.js';

const { TEST_KEY: key, TEST_CERT: cert, TEST_PORT: port } = process.env;
const server = createSecureServer({ key, cert, sharedPort: true } as Parameters<typeof createSecureServer>[0]);
server.on('stream', onStream);
server.listen({ port: Number(port), host: '127.0.0.1' }, () => process.send?.('listening'));
