/** This project under undici: `Http3Agent` as it comes, HTTP/3 only. Arguments: the job, `request` or `fetch`. */
import { Http3Agent } from 'necko-http3/undici';
import { fetch, request } from 'undici';
import { runClientProgram } from '../lib/client-program.mjs';
import { getByFetch, getByRequest } from '../lib/undici-adapter.mjs';

const [, , , api] = process.argv;

await runClientProgram({
  open: (_, ca) => new Http3Agent({ protocol: 'h3', connect: { ca } }),
  get: api === 'fetch' ? getByFetch(fetch) : getByRequest(request),
  close: (agent) => void agent.close(),
});
