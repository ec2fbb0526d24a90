export type Call = () => Promise<unknown>;

/** µs per call, one at a time: the median. */
export async function latency(call: Call, count: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    await call();
    times.push(performance.now() - from);
  }
  return median(times) * 1_000;
}

/** Calls per second with so many under way at any time. */
export async function throughput(call: Call, count: number, inFlight: number): Promise<number> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  return count / ((performance.now() - from) / 1_000);
}

/** ns per call of something synchronous. */
export function costOf(call: () => unknown, count: number): number {
  let sink = 0;
  const from = performance.now();
  for (let i = 0; i < count; i++) if (call()) sink++;
  const took = performance.now() - from;
  if (sink > count) throw new Error('Unreachable: it keeps the loop from being optimized away.');
  return (took * 1e6) / count;
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

export interface Pair {
  readonly baseline: number;
  readonly subject: number;
  /** The median over the rounds of subject / baseline: what disturbs a round disturbs both sides of it. */
  readonly ratio: number;
}

/** Measures both in turns, after one round to warm up. */
export async function inTurns(
  rounds: number,
  baseline: () => number | Promise<number>,
  subject: () => number | Promise<number>,
): Promise<Pair> {
  const results: { baseline: number; subject: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const result = { baseline: await baseline(), subject: await subject() };
    if (round > 0) results.push(result);
  }
  return {
    baseline: median(results.map((result) => result.baseline)),
    subject: median(results.map((result) => result.subject)),
    ratio: median(results.map((result) => result.subject / result.baseline)),
  };
}
