import type { ChildMessage, ParentMessage, RemoteFunctions } from './child-module.js';

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function send(message: ChildMessage): void {
  // The parent may be gone already; 'disconnect' ends this process then.
  process.send?.(message, undefined, undefined, () => undefined);
}

/**
 * The child's side of `ChildModule`: runs `start` with what the parent gave, then answers calls until the parent
 * disconnects, which ends the process.
 */
export function serveChildModule<Init, F extends RemoteFunctions<F>>(
  start: (init: Init, emit: (event: unknown) => void) => Promise<F>,
): void {
  let functions: F | undefined;

  async function handle(message: ParentMessage): Promise<unknown> {
    if (message.kind === 'init') {
      functions = await start(message.value as Init, (value) => send({ kind: 'event', value }));
      return undefined;
    }
    const called = functions?.[message.name as keyof F];
    if (called === undefined) {
      throw new TypeError(`no function ${message.name}`);
    }
    return await called(...(message.args as never[]));
  }

  process.on('message', (message: ParentMessage) => {
    handle(message).then(
      (value) => send({ kind: 'answer', id: message.id, value }),
      (error: unknown) =>
        send({
          kind: 'failure',
          id: message.id,
          message: error instanceof Error ? error.message : String(error),
          code: errorCode(error),
        }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}
