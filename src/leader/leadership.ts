/** A term as leader, while it lasts. */
export interface Leadership {
  /** The fencing token: give it to whatever you write to, and have it refuse a smaller one. JSON: a string. */
  readonly token: bigint;
  /** Aborts when the term ends, no later than its deadline or the first turn of the event loop after it. */
  readonly signal: AbortSignal;
  /** When this member learnt that it leads, by its own clock. */
  readonly since: Date;
}

/** A bigint has no JSON of its own, and a controller may return one of these. */
export function leadershipOf(token: bigint, signal: AbortSignal): Leadership {
  const since = new Date();
  return Object.freeze({
    token,
    signal,
    since,
    toJSON: () => ({ token: token.toString(), since }),
  });
}
