import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Kinds of messages (Marionette's protocol 3): both are arrays that begin with one of these. */
const COMMAND = 0;

type Answer = readonly [kind: number, id: number, error: { readonly message: string } | null, result: unknown];

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A connection to Marionette, by which Firefox is driven: commands of WebDriver in JSON, each message behind its length. It needs no
 * driver program and no library.
 */
export class Marionette {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #received: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Firefox closed the connection'));
      this.#waiting.clear();
    });
  }

  /** @throws what the socket says if nobody listens */
  static async connect(port: number): Promise<Marionette> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Marionette(socket);
  }

  /** @throws Error with Firefox's message */
  send<Result>(command: string, params: Readonly<Record<string, unknown>> = {}): Promise<Result> {
    const id = this.#nextId++;
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as Result), reject });
      const body = JSON.stringify([COMMAND, id, command, params]);
      this.#socket.write(`${Buffer.byteLength(body)}:${body}`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const colon = this.#received.indexOf(':');
      const end = colon + 1 + Number(this.#received.toString('latin1', 0, colon));
      if (colon < 0 || this.#received.length < end) return;
      const message: unknown = JSON.parse(this.#received.toString('utf8', colon + 1, end));
      this.#received = this.#received.subarray(end);
      // The first message is a greeting, an object.
      if (Array.isArray(message)) this.#onAnswer(message as unknown as Answer);
    }
  }

  #onAnswer([, id, error, result]: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === null) waiting?.resolve(result);
    else waiting?.reject(new Error(`Firefox: ${error.message}`));
  }
}
