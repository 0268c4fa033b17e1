/** WebTransport from Node against this package's own server, then a chat for browsers until it is interrupted. */
import { once } from 'node:events';
import { isIP } from 'node:net';
import { startChatSite } from '../../examples/webtransport/chat-site.mjs';
import { ownAddresses, serveCertificate } from './serve-certificate.mjs';
import { fact } from './summary.mjs';
import { checkChat, checkEcho, checkHash } from './webtransport-check.mjs';
import { parseWebTransportOptions } from './webtransport-options.mjs';

const WILDCARDS = new Set(['0.0.0.0', '::']);

/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);

/**
 * @param {readonly string[]} args
 * @param {AbortSignal} signal ends it
 * @returns {Promise<void>} settles when it has ended
 * @throws {Error} what cannot be used, or is not as it should be, said as to a user
 */
export async function demonstrateWebTransport(args, signal) {
  const options = parseWebTransportOptions(args);
  // A session needs one address, and a page the same one.
  const host = WILDCARDS.has(options.host)
    ? (ownAddresses().find((address) => isIP(address) === 4) ?? '127.0.0.1')
    : options.host;
  const { cert, key, validTo } = await serveCertificate(host, undefined);
  say('\nStarting a server with a certificate that nobody has signed …');
  const site = await startChatSite({ cert, key, host, port: options.port }).catch((error) => {
    throw listenError(error, host, options.port);
  });
  const ended = once(signal, 'abort');
  try {
    say(fact('sessions', `${site.url}/echo and /chat`));
    say(fact('certificate', `self-signed, valid until ${validTo}`));
    say(fact('SHA-256', site.sha256));
    await Promise.race([check(site), ended]);
    signal.throwIfAborted();
    if (options.once) return;
    for (const line of instructions(site)) say(line);
    await ended;
    say('\nClosing …');
  } finally {
    await site.close();
  }
}

/** @param {import('../../examples/webtransport/chat-site.mjs').ChatSite} site */
async function check({ url, sha256 }) {
  say('\nA session from Node: what it sends comes back');
  await checkEcho(`${url}/echo`, sha256, say);
  say('\nThe chat, with two members from Node');
  await checkChat(`${url}/chat`, sha256, say);
  say('\nThe same server, with the hash of another certificate');
  await checkHash(`${url}/echo`, say);
  say('\nAll of it is right.');
}

/**
 * @param {import('../../examples/webtransport/chat-site.mjs').ChatSite} site
 * @returns {string[]} lines
 */
function instructions({ page, url, sha256 }) {
  const warning = page.startsWith('https:')
    ? ['  The page comes over TLS: accept the certificate once. The session knows it by its hash.']
    : ['  The page comes from this machine, which needs no TLS; the session knows the certificate by its hash.'];
  return [
    '\nThe chat, in Chromium, Chrome, Edge or Firefox: open this in two tabs, write, and move the pointer',
    `  ${page}`,
    ...warning,
    '\nA member from Node, in another terminal:',
    `  node examples/webtransport/chat-client.mjs ${url}/chat ${sha256} Node`,
    '\nCtrl-C ends it.',
  ];
}

/**
 * @param {NodeJS.ErrnoException} error
 * @param {string} host
 * @param {number} port
 */
function listenError(error, host, port) {
  if (error.code === 'EADDRINUSE') return new Error(`port ${port} of ${host} is in use; choose another with --port`);
  if (error.code === 'EACCES') return new Error(`port ${port} needs privileges; choose another with --port`);
  return new Error(`cannot listen at ${host}, port ${port}: ${error.message}`);
}
