import { describe, expect, it } from 'vitest';
import { debianMirror, parseStanzas, signedBy } from '../../scripts/lib/apt.mjs';

const TARGETS = `MetaKey: main/binary-amd64/Packages
Codename: bookworm-security
Label: Debian-Security
Origin: Debian
Repo-URI: http://mirror.example/debian-security/
Component: main
Sourcesentry: /etc/apt/sources.list.d/debian.sources:2

MetaKey: main/binary-amd64/Packages
Codename: nodistro
Origin: . nodistro
Repo-URI: http://vendor.example/
Component: main

MetaKey: main/binary-amd64/Packages
Codename: bookworm-updates
Label: Debian
Origin: Debian
Repo-URI: http://mirror.example/debian/
Component: main
Sourcesentry: /etc/apt/sources.list.d/debian.sources:1

MetaKey: main/binary-amd64/Packages
Codename: bookworm
Label: Debian
Origin: Debian
Repo-URI: http://main.example/debian/
Component: main
Sourcesentry: /etc/apt/sources.list:4
`;

describe('debianMirror', () => {
  it('takes the entry of the release itself', () => {
    expect(debianMirror(parseStanzas(TARGETS))).toEqual({
      uri: 'http://main.example/debian/',
      entry: '/etc/apt/sources.list:4',
    });
  });

  it('takes another release of Debian on the same mirror, never security or a vendor', () => {
    const withoutRelease = parseStanzas(TARGETS).filter((target) => target.Codename !== 'bookworm');
    expect(debianMirror(withoutRelease)?.uri).toBe('http://mirror.example/debian/');
    expect(debianMirror(withoutRelease.slice(0, 2))).toBeUndefined();
    expect(debianMirror([])).toBeUndefined();
  });
});

describe('signedBy', () => {
  it('reads the stanza format', () => {
    const text = `# comment\nTypes: deb\nURIs: http://a.example\nSigned-By: /usr/share/keyrings/a.gpg\n\nTypes: deb\nURIs: http://b.example\n`;
    expect(signedBy(text, true, 1)).toBe('/usr/share/keyrings/a.gpg');
    expect(signedBy(text, true, 2)).toBeUndefined();
  });

  it('reads the line format', () => {
    const text =
      'deb http://a.example bookworm main\ndeb [arch=amd64 signed-by=/usr/share/keyrings/b.gpg] http://b.example bookworm main\n';
    expect(signedBy(text, false, 1)).toBeUndefined();
    expect(signedBy(text, false, 2)).toBe('/usr/share/keyrings/b.gpg');
  });

  it('leaves a key that is written out in the entry to the system', () => {
    expect(signedBy('Types: deb\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n', true, 1)).toBeUndefined();
  });
});
