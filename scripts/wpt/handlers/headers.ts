/** Answers with a status and fields of the test's choice, and with the fields that the client sent. */
import { type Handler, untilClientEnds } from './handler.js';

/** The query's parameters are the fields of the answer; `:status` among them. */
export const customResponse: Handler = ({ request, query }) => {
  const { ':status': given = '200', ...headers } = Object.fromEntries(query);
  const status = Number(given);
  if (status >= 200 && status < 300) request.accept({ status, headers });
  else request.reject(status, headers);
};

export const echoRequestHeaders: Handler = async ({ request }) => {
  const session = request.accept();
  const writer = (await session.createUnidirectionalStream()).getWriter();
  void untilClientEnds(writer.write(new TextEncoder().encode(JSON.stringify(request.headers))));
  await untilClientEnds(writer.close());
};
