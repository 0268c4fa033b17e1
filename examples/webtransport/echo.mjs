// Sends everything back: streams of both kinds, and datagrams.

/**
 * Settles when the session is over, for whatever reason.
 *
 * @param {import('necko-http3/server').WebTransportServerSession} session
 */
export async function echo(session) {
  const { datagrams } = session;
  await Promise.allSettled([
    echoBidirectional(session),
    echoUnidirectional(session),
    // Datagrams that cannot be sent in time are dropped, so that this never holds up what comes in.
    datagrams.readable.pipeTo(datagrams.createWritable()),
  ]);
}

/** @param {import('necko-http3/server').WebTransportServerSession} session */
async function echoBidirectional(session) {
  for await (const { readable, writable } of session.incomingBidirectionalStreams) {
    // A stream that ends early ends alone.
    readable.pipeTo(writable).catch(() => undefined);
  }
}

/** @param {import('necko-http3/server').WebTransportServerSession} session */
async function echoUnidirectional(session) {
  for await (const readable of session.incomingUnidirectionalStreams) {
    const writable = await session.createUnidirectionalStream({ waitUntilAvailable: true });
    readable.pipeTo(writable).catch(() => undefined);
  }
}
