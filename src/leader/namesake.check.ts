import type { Logger } from '@nestjs/common';
import { ADDRESS_SHARED } from './leader.messages.js';
import { TimeLimit, type Clock } from '../time/index.js';

export interface NamesakeCheckParts {
  /** The address of this member. */
  readonly id: () => string;
  /** ms */
  readonly leaseDuration: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Warns once when another process leads from this member's own address. A former life of this process does not count:
 * it renews nothing, and its term ends with its lease.
 */
export class NamesakeCheck {
  #found: { readonly token: bigint; readonly lease: TimeLimit } | undefined;
  #hasWarned = false;

  constructor(private readonly parts: NamesakeCheckParts) {}

  /**
   * A term that this member does not hold was found under its address.
   * @param remaining ms until its session may be ended
   */
  found(token: bigint, remaining: number): void {
    const { id, leaseDuration, clock, logger } = this.parts;
    if (this.#found?.token !== token) {
      // A lease more than the store told: this clock may be ahead of the store's.
      this.#found = { token, lease: new TimeLimit(clock, remaining + leaseDuration) };
    }
    if (this.#hasWarned || !this.#found.lease.isOver) return;
    this.#hasWarned = true;
    logger.warn(ADDRESS_SHARED(id()));
  }
}
