import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/index.js';
import { CertificateServers, lookupLoopback } from '../support/certificate-verdicts.js';
import { REFUSED_AS_NODE_DOES, REFUSED_OTHERWISE } from '../support/refused-certificates.js';

const refused = [...REFUSED_AS_NODE_DOES, ...REFUSED_OTHERWISE];
const scenes = await Promise.all(refused.map(({ make }) => make()));
let servers: CertificateServers;
beforeAll(async () => {
  servers = await CertificateServers.start(scenes.map(({ server }) => server));
});
afterAll(() => servers.stop());

test.each(refused.map(({ name }, index) => [name, index] as const))(
  'rejectUnauthorized: false connects, and says that it verified nothing: a certificate %s',
  async (_name, index) => {
    const options = { lookup: lookupLoopback, tokenStore: false, rejectUnauthorized: false } as const;
    const session = connect(`https://${scenes[index]?.host}:${servers.port(index)}`, options);
    try {
      const info = await new Promise<unknown>((resolve) => {
        session.once('connect', resolve);
        session.once('connectionError', resolve);
      });
      expect(info).toMatchObject({ authorized: false });
      const sent = scenes[index]?.server.certPem.match(/-----BEGIN/g)?.length;
      expect(session.connection?.certificates).toHaveLength(sent ?? 0);
    } finally {
      session.destroy();
      await session.close();
    }
  },
);
