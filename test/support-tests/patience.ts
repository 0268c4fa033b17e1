/** For `expect.poll`: its default of one second is short on a machine where all cores are busy. */
export const PATIENTLY = { timeout: 20_000, interval: 10 } as const;
