import type { Listing } from './group.status.js';

/** Counts all rows that are added, and keeps the first. */
export class GrowingListing<T extends object> implements Listing<T> {
  total = 0;
  dead = 0;
  readonly rows: T[] = [];

  constructor(private readonly limit: number) {}

  add(row: T): void {
    this.total++;
    if ('dead' in row && row.dead === true) this.dead++;
    if (this.rows.length < this.limit) this.rows.push(row);
  }

  /** The listing, without the means to add to it. */
  toListing(): Listing<T> {
    const { total, dead, rows } = this;
    return { total, dead, rows };
  }
}
