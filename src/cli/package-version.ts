import { createRequire } from 'node:module';

/** Version of this package, from its package.json. */
export function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('necko-http3/package.json') as { readonly version: string };
  return version;
}
