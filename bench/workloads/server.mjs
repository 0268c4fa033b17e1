/** This project's server beside others: the same answers to the same load, small ones and large ones. */
import { requestRate, serverCpuPerGibibyte, serverCpuPerRequest, throughput } from '../lib/figures.mjs';

const SMALL = 1024;
const LARGE = 100 * 2 ** 20;
const QUICK_DIVISOR = 20;

/** @type {readonly import('../lib/contenders.mjs').ContenderId[]} */
const CONTENDERS = ['ourServer', 'ourServerOneWorker', 'ourServerTwoWorkers', 'caddyServer', 'http2Server'];
const SERVER = 'each server on one core';

/**
 * @param {boolean} quick
 * @returns {import('../lib/workload.mjs').Workload[]}
 */
export function serverWorkloads(quick) {
  const divisor = quick ? QUICK_DIVISOR : 1;
  const requests = 50_000 / divisor;
  const bytes = LARGE / divisor;
  const shared = { server: SERVER, contenders: CONTENDERS, goals: [] };
  return [
    {
      ...shared,
      id: 'server-requests',
      title: `${requests.toLocaleString('en')} requests for 1 KiB, 10 connections with 10 in flight`,
      file: [`${SMALL}`, SMALL],
      job: { requests, connections: 10, concurrency: 10, fresh: false },
      figure: requestRate,
      cpu: serverCpuPerRequest,
    },
    {
      ...shared,
      id: 'server-download',
      title: `4 downloads of ${bytes / 2 ** 20} MiB, one after the other`,
      file: [`${bytes}`, bytes],
      job: { requests: 4, concurrency: 1, fresh: false },
      figure: throughput,
      cpu: serverCpuPerGibibyte,
    },
  ];
}
