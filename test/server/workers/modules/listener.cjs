/**
 * CommonJS worker module: the listener is `module.exports`.
 * @type {import('node:http').RequestListener}
 */
module.exports = (_req, res) => {
  res.end('from CommonJS');
};
