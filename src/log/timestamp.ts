const NS_PER_SECOND = 1_000_000_000n;

/** RFC 3339 in UTC with all nine decimal places: a `Date` would cut it to ms, and would match no entry. */
export function formatTimestamp(ns: bigint): string {
  const seconds = ns / NS_PER_SECOND;
  const fraction = (ns % NS_PER_SECOND).toString().padStart(9, '0');
  const date = new Date(Number(seconds) * 1_000).toISOString();
  return `${date.slice(0, -'.000Z'.length)}.${fraction}Z`;
}

const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i;

/** @returns ns since 1970; undefined when the text is no RFC 3339 time */
export function parseTimestamp(text: string): bigint | undefined {
  const [, seconds, fraction = '', zone] = RFC_3339.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  const milliseconds = Date.parse(seconds + zone);
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
