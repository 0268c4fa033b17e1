import type { MessagePort } from 'node:worker_threads';

/** First message to a worker thread, on its parentPort; `workerData` and all later messages there are the module's own. */
export interface WorkerInit {
  /** For batches. */
  readonly port: MessagePort;
  readonly moduleUrl: string;
  /** Initial credit of each stream and direction, bytes. */
  readonly window: number;
  /** The server's option: responses get a Date field. */
  readonly sendDate: boolean;
}
