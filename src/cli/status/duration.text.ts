const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** ms for people: in the largest unit of which there are at least two. */
export function durationText(duration: number): string {
  const [unit, size] = UNITS.find(([, each]) => duration >= 2 * each) ?? ['s', 1_000];
  const count = duration / size;
  return `${unit === 's' && count < 10 ? count.toFixed(1) : Math.floor(count)} ${unit}`;
}
