/** The figures that workloads are compared by. */

/** @typedef {import('./workload.mjs').Figure} Figure */

const MEGABYTE = 1e6;
const GIBIBYTE = 2 ** 30;

/** @type {Figure} */
export const throughput = { unit: 'MB/s', of: ({ bytes, seconds }) => bytes / MEGABYTE / seconds };
/** @type {Figure} */
export const requestRate = { unit: 'requests/s', of: ({ requests, seconds }) => requests / seconds };
/** @type {Figure} */
export const timePerRequest = {
  unit: 'ms',
  of: ({ requests, seconds }) => (seconds * 1e3) / requests,
  lessIsBetter: true,
};

/** @type {Figure} */
export const totalTime = { unit: 'ms', of: ({ seconds }) => seconds * 1e3, lessIsBetter: true };
/** @type {Figure} */
export const medianTime = {
  unit: 'ms, median request',
  of: ({ medianSeconds = Number.NaN }) => medianSeconds * 1e3,
  lessIsBetter: true,
};

/** @type {Figure} */
export const cpuPerGibibyte = {
  unit: 'CPU s/GiB',
  of: ({ bytes, cpuSeconds }) => cpuSeconds / (bytes / GIBIBYTE),
  lessIsBetter: true,
};
/** @type {Figure} */
export const serverCpuPerGibibyte = {
  unit: 'server CPU s/GiB',
  of: ({ bytes, serverCpuSeconds }) => serverCpuSeconds / (bytes / GIBIBYTE),
  lessIsBetter: true,
};
/** @type {Figure} */
export const serverCpuPerRequest = {
  unit: 'server CPU µs/request',
  of: ({ requests, serverCpuSeconds }) => (serverCpuSeconds * 1e6) / requests,
  lessIsBetter: true,
};
/** @type {Figure} */
export const cpuPerRequest = {
  unit: 'CPU µs/request',
  of: ({ requests, cpuSeconds }) => (cpuSeconds * 1e6) / requests,
  lessIsBetter: true,
};
