/** By number: docs/design/invariants.md says what each means. */
export const INVARIANTS = {
  1: 'one holder',
  2: 'rising tokens',
  3: 'fenced writes',
  4: 'exactly-once log',
  5: 'permit limit',
  7: 'settles in time',
} as const;

export type Invariant = keyof typeof INVARIANTS;

/** An invariant does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';

  constructor(
    readonly invariant: Invariant,
    message: string,
  ) {
    super(
      `invariant ${invariant} (${INVARIANTS[invariant]}, docs/design/invariants.md): ${message}`,
    );
  }
}

/** @throws Violation */
export function violated(invariant: Invariant, message: string): never {
  throw new Violation(invariant, message);
}
