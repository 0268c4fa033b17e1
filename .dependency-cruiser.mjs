/**
 * Architecture rules: imports point downwards only (type imports too), and no two files import each other, however
 * indirectly. The layers are those of the README, lowest first; a layer may import itself and everything below it.
 */
const layers = [
  ['errors', '^src/errors[.]ts$'],
  ['native', '^src/native(-server|-webtransport)?[.]ts$'],
  ['transport', '^src/transport/'],
  ['stream', '^src/stream/'],
  ['session', '^src/session/'],
  ['http', '^src/http/'],
  ['webtransport', '^src/webtransport/'],
  ['fronts', '^src/(client|server)/'],
  ['entry points', '^src/([a-z-]+[.]ts$|cli/)'],
];

const paths = layers.map(([, path]) => path);

/** One rule a layer: nothing in it imports a layer above it. */
const upward = layers.slice(0, -1).map(([name, path], level) => ({
  name: `${name.replaceAll(' ', '-')}-imports-downwards-only`,
  severity: 'error',
  from: { path },
  to: { path: paths.slice(level + 1), pathNot: paths.slice(0, level + 1) },
}));

/** The fronts do not know one another. */
const fronts = {
  name: 'fronts-are-independent',
  severity: 'error',
  from: { path: '^src/(client|server)/' },
  to: { path: '^src/(client|server)/', pathNot: '^src/$1/' },
};

export default {
  forbidden: [
    ...upward,
    fronts,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/' }, to: {} },
    {
      name: 'product-imports-product-only',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts|bench|examples)/' },
    },
    {
      name: 'product-needs-no-dev-dependency',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Type imports are arrows of the design as well.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
