// An HTTP/3 server in as many processes as there are processors, all on one UDP port.
// Usage: node examples/cluster-server.mjs [KEY.pem [CERT.pem [PORT]]]
// SIGHUP replaces the processes one by one; open requests are answered, and nobody is refused.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createSecureServer } from 'necko-http3/server';

if (cluster.isPrimary) {
  const start = async () => await once(cluster.fork(), 'message');
  for (let count = 0; count < availableParallelism(); count += 1) await start();
  cluster.on('exit', (worker) => {
    if (!worker.exitedAfterDisconnect) start();
  });
  process.on('SIGHUP', async () => {
    for (const worker of Object.values(cluster.workers ?? {})) {
      await start();
      worker?.disconnect();
    }
  });
} else {
  const [key = 'key.pem', cert = 'cert.pem', port = 4433] = process.argv.slice(2);
  const server = createSecureServer(
    { key: readFileSync(key), cert: readFileSync(cert), sharedPort: true },
    (_request, response) => response.end(`process ${process.pid}\n`),
  );
  server.listen(Number(port), () => process.send?.('listening'));
}
