/** Caddy's JSON configuration, of what the tests use of it. */

/** What Caddy does with requests for a path. Sizes are bytes. */
export type CaddyRoute = {
  /** Caddy's path matcher: exact, or with `*` at an end. */
  readonly path: string;
} & (
  | {
      readonly respond: {
        readonly status?: number;
        readonly body?: string;
        readonly headers?: Readonly<Record<string, string>>;
      };
    }
  | { readonly redirect: { readonly to: string; readonly status?: number } }
  /** Passes requests on to an HTTP/1.1 server, unbuffered both ways; `stripPrefix` is taken off the path. */
  | { readonly proxyTo: { readonly host: string; readonly port: number }; readonly stripPrefix?: string }
  /** Serves the files of a folder; `stripPrefix` is taken off the path. */
  | { readonly files: string; readonly stripPrefix?: string }
);

export type CaddyProtocol = 'h1' | 'h2' | 'h3';

export interface CaddySite {
  /** IP literals to listen on. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly protocols: readonly CaddyProtocol[];
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly storageDirectory: string;
  /** The first that matches a request's path handles it. */
  readonly routes: readonly CaddyRoute[];
  /** Response header fields of every route. */
  readonly headers: Readonly<Record<string, string>>;
}

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

function headerLists(headers: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}

function handlersOf(route: CaddyRoute): Json[] {
  const rewrite: Json[] =
    'stripPrefix' in route && route.stripPrefix !== undefined
      ? [{ handler: 'rewrite', strip_path_prefix: route.stripPrefix }]
      : [];
  if ('respond' in route) {
    const { status = 200, body = '', headers = {} } = route.respond;
    return [{ handler: 'static_response', status_code: status, body, headers: headerLists(headers) }];
  }
  if ('redirect' in route) {
    const { to, status = 302 } = route.redirect;
    return [{ handler: 'static_response', status_code: status, headers: { Location: [to] } }];
  }
  if ('proxyTo' in route) {
    const { host, port } = route.proxyTo;
    const dial = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    // A negative flush interval sends each piece of a response on at once; request bodies are not buffered unless asked for.
    return [...rewrite, { handler: 'reverse_proxy', upstreams: [{ dial }], flush_interval: -1 }];
  }
  return [...rewrite, { handler: 'file_server', root: route.files }];
}

/** The whole configuration of one site: nothing but loopback is contacted, no certificate is managed, no admin endpoint is open. */
export function buildCaddyConfig(site: CaddySite): Json {
  const routes: Json[] = site.routes.map((route) => ({
    match: [{ path: [route.path] }],
    handle: handlersOf(route),
    terminal: true,
  }));
  if (Object.keys(site.headers).length > 0) {
    routes.unshift({ handle: [{ handler: 'headers', response: { set: headerLists(site.headers) } }] });
  }
  return {
    admin: { disabled: true },
    storage: { module: 'file_system', root: site.storageDirectory },
    logging: { logs: { default: { level: 'WARN' } } },
    apps: {
      http: {
        servers: {
          main: {
            listen: site.hosts.map((host) => (host.includes(':') ? `[${host}]:${site.port}` : `${host}:${site.port}`)),
            protocols: [...site.protocols],
            automatic_https: { disable: true },
            tls_connection_policies: [{}],
            routes,
          },
        },
      },
      tls: {
        certificates: { load_files: [{ certificate: site.certificateFile, key: site.keyFile }] },
        disable_ocsp_stapling: true,
      },
    },
  };
}
