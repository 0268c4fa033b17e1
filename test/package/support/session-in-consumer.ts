import type { TestIdentity } from '../../support/client.js';

/**
 * A program that accepts a WebTransport session and opens it, with the package as it is installed, and prints what came.
 *
 * @param load how a module is had in this module system, such as `require`
 */
export function sessionProgram(load: 'await import' | 'require', { ca, certificate }: TestIdentity): string {
  const identity = { ca, key: certificate.keyPem, cert: certificate.certPem };
  return `(async () => {
    const { key, cert, ca } = ${JSON.stringify(identity)};
    const main = ${load}('necko-http3');
    const { WebTransport, Http3Error } = ${load}('necko-http3/webtransport');
    const { createSecureServer } = ${load}('necko-http3/server');
    const server = createSecureServer({ key, cert, webTransport: true });
    let sessionOfOneClass = false;
    server.on('webtransport', async (request) => {
      const session = request.accept();
      sessionOfOneClass = session instanceof WebTransport;
      for await (const { readable, writable } of session.incomingBidirectionalStreams) readable.pipeTo(writable);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = 'https://127.0.0.1:' + server.address().port + '/';
    const transport = new WebTransport(url, { connection: { ca } });
    const { readable, writable } = await transport.createBidirectionalStream();
    const writer = writable.getWriter();
    await writer.write(Buffer.from('over a stream'));
    await writer.close();
    const text = await new Response(readable).text();
    transport.close({ closeCode: 7, reason: 'from the package' });
    const closeInfo = await transport.closed;
    const untrusting = new WebTransport(url);
    untrusting.closed.catch(() => undefined);
    const refused = await untrusting.ready.catch(({ cause }) => cause);
    const errorOfOneClass = refused instanceof Http3Error && refused instanceof main.Http3Error;
    console.log(JSON.stringify({ text, closeInfo, sessionOfOneClass, errorOfOneClass }));
    await server.close();
  })();`;
}
