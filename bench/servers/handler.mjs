/**
 * The request listener of every server in JavaScript, with and without workers: answers `/N` with N bytes.
 */

const BLOCK = Buffer.alloc(64 * 1024, 'necko');

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
export function request({ url = '' }, response) {
  let left = Number(url.slice(1));
  response.setHeader('content-type', 'application/octet-stream');
  response.setHeader('content-length', left);
  const write = () => {
    while (left > BLOCK.length) {
      left -= BLOCK.length;
      if (!response.write(BLOCK)) {
        response.once('drain', write);
        return;
      }
    }
    response.end(BLOCK.subarray(0, left));
  };
  write();
}
