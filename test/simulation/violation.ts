/** An invariant of the design (section 5) does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';

  constructor(
    readonly invariant: number,
    message: string,
  ) {
    super(`invariant ${invariant}: ${message}`);
  }
}

/** @throws Violation */
export function violated(invariant: number, message: string): never {
  throw new Violation(invariant, message);
}
