import type { TestIdentity } from '../../support/client.js';

/**
 * A program that serves with the package as it is installed, fetches from there over HTTP/3, and prints what came.
 *
 * @param load how a module is had in this module system, such as `require`
 */
export function fetchProgram(load: 'await import' | 'require', { ca, certificate }: TestIdentity): string {
  const identity = { ca, key: certificate.keyPem, cert: certificate.certPem };
  return `(async () => {
    const { key, cert, ca } = ${JSON.stringify(identity)};
    const main = ${load}('necko-http3');
    const forUndici = ${load}('necko-http3/undici');
    const { createSecureServer } = ${load}('necko-http3/server');
    const server = createSecureServer({ key, cert, tcp: true });
    server.on('request', (request, response) => request.pipe(response));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const agent = new forUndici.Http3Agent({ protocol: 'h3', connect: { ca } });
    const url = 'https://127.0.0.1:' + server.address().port + '/';
    const response = await main.fetch(url, { method: 'POST', body: 'from the package', dispatcher: agent });
    const { protocol } = main.getConnectionInfo(response);
    const untrusting = new main.Http3Agent({ protocol: 'h3' });
    const refused = await main.fetch(url, { dispatcher: untrusting }).catch(({ cause }) => cause);
    console.log(JSON.stringify({
      text: await response.text(),
      protocol,
      refusedWithOneClass: refused instanceof main.Http3Error && refused instanceof forUndici.Http3Error,
      agentOfOneClass: agent instanceof main.Http3Agent,
      differing: Object.keys(forUndici).filter((name) => main[name] !== forUndici[name]),
    }));
    await Promise.all([agent.close(), untrusting.close()]);
    await server.close();
  })();`;
}
