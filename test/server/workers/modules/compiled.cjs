/** CommonJS worker module as a compiler makes it of an ES module. */
Object.defineProperty(exports, '__esModule', { value: true });
/** @type {{ request: import('node:http').RequestListener }} */
exports.default = { request: (_req, res) => res.end('from a compiler') };
