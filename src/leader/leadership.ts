/**
 * A term in which this member leads.
 *
 * @example
 * ```ts
 * async function refresh({ leadership }: HedgeService): Promise<void> {
 *   if (!leadership) return;
 *   await fetch('https://prices.example/refresh', {
 *     method: 'POST',
 *     headers: { 'Fencing-Token': `${leadership.token}` },
 *     signal: leadership.signal,
 *   });
 * }
 * ```
 */
export interface Leadership {
  /**
   * The fencing token: send it with each write to another system, and let that system refuse smaller ones. JSON: a
   * string.
   */
  readonly token: bigint;
  /** Aborts when the term ends: no later than its deadline, or on the first turn of the event loop after it. */
  readonly signal: AbortSignal;
  /** When this member learnt that it leads, by its own clock. */
  readonly since: Date;
}

/** With a JSON form: a bigint has none, and a controller may return a `Leadership`. */
export function leadershipOf(token: bigint, signal: AbortSignal): Leadership {
  const since = new Date();
  return Object.freeze({
    token,
    signal,
    since,
    toJSON: () => ({ token: token.toString(), since }),
  });
}
