/** What the examples of `fetch` and of the dispatchers for undici may assume, and must print. */
import { wantsHttp2 } from '../../src/client/dispatcher/agent-options.js';
import type { Expectation } from './expectation.js';

/** What the first request goes over; HTTP/2 has to be asked for on Node 20. */
function overTcp({ raw }: TemplateStringsArray): RegExp {
  return new RegExp(raw.join('').replace('TCP', wantsHttp2({}) ? 'h2' : 'http/1.1'));
}

const AGENT = "import { Http3Agent } from 'necko-http3/undici';\nconst agent = new Http3Agent();\n";

export const agentExamples: Readonly<Record<string, Expectation>> = {
  'fetch-quick-start': { prints: overTcp`^200 TCP\n200 h3\n$` },
  'install-quick-start': { prints: /^200\n$/ },
  'undici-quick-start': { prints: /^200\n$/ },
  fetch: { prints: overTcp`^200 TCP 5\n200 h3 5\n$` },
  'fetch-create': { prints: /^h3 Hello\n$/ },
  'fetch-install': { prints: /^200 Hello\n$/ },
  'fetch-upload': {
    before: 'const file = process.env.CA_FILE;\n',
    prints: /^-----BEGIN CERTIFICATE[\s\S]*END CERTIFICATE-----\n$/,
  },
  'undici-agent': { prints: overTcp`^TCP\n200 5\nh3\n200 5\n$` },
  'undici-client': { prints: /^200 text\/plain Hello .*\{\}\n$/ },
  'undici-hints': { prints: /^h3\n200\n$/ },
  'undici-https-record': { prints: /^h3\nHello\n$/ },
  'undici-request': { before: AGENT, after: 'await agent.close();', prints: overTcp`^TCP false\n200 quic\n$` },
  'undici-interceptors': { prints: /^200 Hello\n200\n$/ },
  'undici-mock': { prints: /^mock\nHello\n$/ },
  'undici-store': { prints: /^h3 false false\nh3 true true\n$/ },
  'undici-diagnostics': {
    before: AGENT,
    after: "await agent.request({ origin: 'https://example.org', path: '/', method: 'GET' });\nawait agent.destroy();",
    prints: overTcp`^GET https://localhost:\d+/ TCP\n$`,
  },
  'migrate-agent': { prints: /^200 text\/plain\n$/ },
  'migrate-install': { prints: /^200\n$/ },
  'migrate-got': { prints: /^Hello\n$/ },
  'migrate-http2': { prints: /^200\n5\n$/ },
  'errors-fetch': { prints: /^fetch failed ECONNREFUSED true\n$/ },
  'errors-undici': { prints: /^true UND_ERR_HEADERS_TIMEOUT false\n$/ },
};
