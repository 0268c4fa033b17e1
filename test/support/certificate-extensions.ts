import { AsnConvert } from '@peculiar/asn1-schema';
import {
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_nameConstraints,
  NameConstraints,
} from '@peculiar/asn1-x509';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
} from './x509-library.js';

/** RFC 5280 4.2.1.3. */
export type KeyUsage = Exclude<keyof typeof KeyUsageFlags, number>;
/** RFC 5280 4.2.1.12; another purpose is given as its dotted OID. */
export type ExtendedUsage = keyof typeof ExtendedKeyUsage | `${number}.${string}`;

/** RFC 5280 4.2.1.10: names below which a CA may or may not issue. */
export interface NameConstraintOptions {
  /** DNS names: `example.com` covers itself and everything below it. */
  readonly permittedDns?: readonly string[];
  readonly excludedDns?: readonly string[];
  /** Networks in CIDR notation, IPv4 or IPv6. */
  readonly permittedIps?: readonly string[];
  readonly excludedIps?: readonly string[];
}

/** What goes into a certificate's extensions. Each has a default for its kind of certificate, and can be left out by `false`. */
export interface ExtensionOptions {
  /** DNS names of the subjectAltName; a wildcard is `*.example.com`. */
  readonly hosts?: readonly string[];
  /** IP literals of the subjectAltName. */
  readonly ips?: readonly string[];
  /** Value of basicConstraints' cA. */
  readonly isCa?: boolean;
  /** basicConstraints' pathLenConstraint. */
  readonly pathLength?: number;
  /** `false` leaves the extension out. */
  readonly basicConstraints?: false;
  /** Default: keyCertSign and cRLSign for a CA, digitalSignature for a leaf. */
  readonly keyUsage?: readonly KeyUsage[] | false;
  /** Default: none for a CA, serverAuth for a leaf. */
  readonly extendedKeyUsage?: readonly ExtendedUsage[] | false;
  readonly nameConstraints?: NameConstraintOptions;
}

function usageExtensions(options: ExtensionOptions): Extension[] {
  const extensions: Extension[] = [];
  const { isCa = false } = options;
  const keyUsage = options.keyUsage ?? (isCa ? ['keyCertSign', 'cRLSign'] : ['digitalSignature']);
  if (keyUsage !== false) {
    const flags = keyUsage.reduce((bits, usage) => bits | KeyUsageFlags[usage], 0);
    extensions.push(new KeyUsagesExtension(flags, true));
  }
  const extendedKeyUsage = options.extendedKeyUsage ?? (isCa ? false : ['serverAuth']);
  if (extendedKeyUsage !== false) {
    const oids = extendedKeyUsage.map((usage) =>
      usage in ExtendedKeyUsage ? ExtendedKeyUsage[usage as keyof typeof ExtendedKeyUsage] : usage,
    );
    extensions.push(new ExtendedKeyUsageExtension(oids));
  }
  return extensions;
}

function subtrees(dnsNames: readonly string[] = [], networks: readonly string[] = []): GeneralSubtrees | undefined {
  const names = [
    ...dnsNames.map((dNSName) => new GeneralName({ dNSName })),
    ...networks.map((iPAddress) => new GeneralName({ iPAddress })),
  ];
  return names.length === 0 ? undefined : new GeneralSubtrees(names.map((base) => new GeneralSubtree({ base })));
}

function nameConstraintsExtension(options: NameConstraintOptions): Extension {
  const permittedSubtrees = subtrees(options.permittedDns, options.permittedIps);
  const excludedSubtrees = subtrees(options.excludedDns, options.excludedIps);
  const constraints = new NameConstraints({
    ...(permittedSubtrees === undefined ? {} : { permittedSubtrees }),
    ...(excludedSubtrees === undefined ? {} : { excludedSubtrees }),
  });
  return new Extension(id_ce_nameConstraints, true, AsnConvert.serialize(constraints));
}

/**
 * @param subjectKey the public key that the certificate is for (DER, SubjectPublicKeyInfo)
 * @param issuerKey that of the key that signs it
 */
export async function buildExtensions(
  options: ExtensionOptions,
  subjectKey: Buffer,
  issuerKey: Buffer,
): Promise<Extension[]> {
  const extensions: Extension[] = [
    await SubjectKeyIdentifierExtension.create(subjectKey),
    await AuthorityKeyIdentifierExtension.create(issuerKey),
    ...usageExtensions(options),
  ];
  if (options.basicConstraints !== false) {
    extensions.push(new BasicConstraintsExtension(options.isCa ?? false, options.pathLength, true));
  }
  const names: JsonGeneralName[] = [
    ...(options.hosts ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(options.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  if (names.length > 0) {
    extensions.push(new SubjectAlternativeNameExtension(names));
  }
  if (options.nameConstraints !== undefined) {
    extensions.push(nameConstraintsExtension(options.nameConstraints));
  }
  return extensions;
}
