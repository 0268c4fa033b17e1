import cluster from 'node:cluster';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { InvalidArgumentError } from '../errors.js';
import { SESSION_ID_NODES } from './session-ids.js';

/** Several processes on one UDP port: which of them this is, and where they find each other. */
export interface SharedPortOptions {
  /**
   * Absolute path, the same for all processes of the port on this machine, and only for them; `/run/NAME`, say. It is made if
   * it is missing, and has to belong to this user and to be closed to others (mode 0700).
   */
  readonly directory: string;
  /** 0 to 65,535, no two processes at a time the same. */
  readonly id: number;
}

export interface ResolvedSharedPort extends SharedPortOptions {
  /** Of a cluster: the directory goes with its last process, and each port has one of its own. */
  readonly ofCluster: boolean;
  /** No key was given: the processes keep one in the directory. */
  readonly sharesResetKey: boolean;
}

/**
 * The `sharedPort` option of createSecureServer.
 *
 * @returns undefined for a port of this process alone
 * @throws InvalidArgumentError that names the option
 */
export function resolveSharedPort(
  sharedPort: boolean | SharedPortOptions | undefined,
  sharesResetKey: boolean,
): ResolvedSharedPort | undefined {
  if (sharedPort === undefined || sharedPort === false) return undefined;
  if (sharedPort === true) return { ...ofCluster(), ofCluster: true, sharesResetKey };
  if (typeof sharedPort !== 'object' || sharedPort === null) {
    throw new InvalidArgumentError('sharedPort: must be true, false or an object');
  }
  const { directory, id } = sharedPort;
  if (typeof directory !== 'string' || !isAbsolute(directory)) {
    throw new InvalidArgumentError('sharedPort.directory: must be an absolute path');
  }
  // No default: two processes with the same id would take each other's datagrams.
  if (!Number.isInteger(id) || id < 0 || id >= SESSION_ID_NODES) {
    throw new InvalidArgumentError(`sharedPort.id: must be an integer from 0 to ${SESSION_ID_NODES - 1}`);
  }
  return { directory, id, ofCluster: false, sharesResetKey };
}

function ofCluster(): SharedPortOptions {
  const { worker } = cluster;
  if (worker === undefined) {
    throw new InvalidArgumentError('sharedPort: true is for workers of node:cluster; others give { directory, id }');
  }
  // A worker's parent is the cluster's primary process.
  const name = `necko-http3-${process.getuid?.() ?? 0}-${process.ppid}`;
  return { directory: join(tmpdir(), name), id: worker.id % SESSION_ID_NODES };
}
