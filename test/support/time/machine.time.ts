/** ns of CLOCK_MONOTONIC, which all processes of a machine share. */
export function machineTime(): bigint {
  return process.hrtime.bigint();
}

/** ms from one machine time to another. */
export function msBetween(from: bigint, to: bigint): number {
  return Number(to - from) / 1e6;
}
