/** What the examples of `fetch` and of the dispatchers for undici may assume, and must print. */
import type { Expectation } from './expectation.js';

const AGENT = "import { Http3Agent } from 'necko-http3/undici';\nconst agent = new Http3Agent();\n";

export const agentExamples: Readonly<Record<string, Expectation>> = {
  'fetch-quick-start': { prints: /^200 h2\n200 h3\n$/ },
  'install-quick-start': { prints: /^200\n$/ },
  'undici-quick-start': { prints: /^200\n$/ },
  fetch: { prints: /^200 h2 5\n200 h3 5\n$/ },
  'fetch-create': { prints: /^h3 Hello\n$/ },
  'fetch-install': { prints: /^200 Hello\n$/ },
  'fetch-upload': {
    before: 'const file = process.env.CA_FILE;\n',
    prints: /^-----BEGIN CERTIFICATE[\s\S]*END CERTIFICATE-----\n$/,
  },
  'undici-agent': { prints: /^h2\n200 5\nh3\n200 5\n$/ },
  'undici-client': { prints: /^200 text\/plain Hello .*\{\}\n$/ },
  'undici-hints': { prints: /^h3\n200\n$/ },
  'undici-https-record': { prints: /^h3\nHello\n$/ },
  'undici-request': { before: AGENT, after: 'await agent.close();', prints: /^h2 false\n200 quic\n$/ },
  'undici-interceptors': { prints: /^200 Hello\n200\n$/ },
  'undici-mock': { prints: /^mock\nHello\n$/ },
  'undici-store': { prints: /^h3 false false\nh3 true true\n$/ },
  'undici-diagnostics': {
    before: AGENT,
    after: "await agent.request({ origin: 'https://example.org', path: '/', method: 'GET' });\nawait agent.destroy();",
    prints: /^GET https:\/\/localhost:\d+\/ h2\n$/,
  },
  'migrate-agent': { prints: /^200 text\/plain\n$/ },
  'migrate-install': { prints: /^200\n$/ },
  'migrate-got': { prints: /^Hello\n$/ },
  'migrate-http2': { prints: /^200\n5\n$/ },
  'errors-fetch': { prints: /^fetch failed ECONNREFUSED true\n$/ },
  'errors-undici': { prints: /^true UND_ERR_HEADERS_TIMEOUT false\n$/ },
};
