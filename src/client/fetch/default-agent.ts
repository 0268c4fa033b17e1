import type { Http3AgentOptions } from '../dispatcher/agent-options.js';
import { Http3Agent } from '../dispatcher/http3-agent.js';

let defaultAgent: Http3Agent | undefined;

/**
 * The agent behind this package's `fetch`. It is made, with default options, when it is first asked for; idle, it holds neither
 * connections (after their `keepAliveTimeout`) nor the process.
 */
export function getDefaultAgent(): Http3Agent {
  defaultAgent ??= makeAgent({});
  return defaultAgent;
}

/**
 * Makes an agent that goes through the environment's proxy where Node's own fetch would (`NODE_USE_ENV_PROXY=1` or `--use-env-proxy`,
 * and a proxy named in the environment), unless the options say how to go.
 *
 * @throws InvalidArgumentError for options that cannot be used
 * @throws NotSupportedError for `protocol: 'h3'` together with such a proxy
 */
export function makeAgent(options: Http3AgentOptions): Http3Agent {
  const chosen = options.proxy !== undefined || options.tcp !== undefined || typeof options.connect === 'function';
  return new Http3Agent(chosen || !environmentHasProxy() ? options : { ...options, proxy: 'env' });
}

const PROXY_VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'];

function environmentHasProxy(): boolean {
  const { env, execArgv } = process;
  const wanted =
    env.NODE_USE_ENV_PROXY === '1' ||
    execArgv.includes('--use-env-proxy') ||
    env.NODE_OPTIONS?.split(' ').includes('--use-env-proxy') === true;
  return wanted && PROXY_VARIABLES.some((name) => Boolean(env[name]));
}
