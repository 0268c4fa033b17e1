import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CertificateServers, http3Verdict, nodeVerdict } from '../support/certificate-verdicts.js';
import { REFUSED_AS_NODE_DOES, REFUSED_OTHERWISE } from '../support/refused-certificates.js';

const scenes = await Promise.all([...REFUSED_AS_NODE_DOES, ...REFUSED_OTHERWISE].map(({ make }) => make()));
let servers: CertificateServers;

beforeAll(async () => {
  servers = await CertificateServers.start(scenes.map(({ server }) => server));
});
afterAll(() => servers.stop());

/** What both clients say of the n-th certificate; Node's at two of OpenSSL's security levels, since its default varies. */
async function verdictsOn(index: number) {
  const scene = scenes[index];
  if (scene === undefined) throw new RangeError(`there is no scene ${index}`);
  const { server, ca, host } = scene;
  return {
    ours: await http3Verdict(servers.port(index), host, { ca }),
    node: await nodeVerdict(server, host, { ca, ciphers: 'DEFAULT@SECLEVEL=1' }),
    strictNode: await nodeVerdict(server, host, { ca, ciphers: 'DEFAULT@SECLEVEL=2' }),
  };
}

describe('refused with the code that Node gives: a certificate', () => {
  test.each(REFUSED_AS_NODE_DOES.map(({ name, code }, index) => [name, code, index] as const))(
    '%s: %s',
    async (_name, code, index) => {
      const { ours, node } = await verdictsOn(index);
      expect(ours).toMatchObject({ code });
      expect(node.code).toBe(code);
    },
  );
});

describe('refused where Node has no code of its own, or another one: a certificate', () => {
  test.each(
    REFUSED_OTHERWISE.map(
      (refused, index) =>
        [refused.name, refused.code, refused.because, refused, REFUSED_AS_NODE_DOES.length + index] as const,
    ),
  )('%s: %s, because %s', async (_name, code, _because, { nodeCode, nodeMessage, strict = false }, index) => {
    const { ours, node, strictNode } = await verdictsOn(index);
    expect(ours).toMatchObject({ code });
    const refusal = strict ? strictNode : node;
    expect(refusal.code).toBe(nodeCode);
    expect(refusal.message).toContain(nodeMessage);
    if (strict) expect(node.code).toBeUndefined();
  });
});
