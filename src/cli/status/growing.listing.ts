import type { Listing } from './group.status.js';

/** Counts all that is added, and keeps the first few. */
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

  /** What is told of it, without how it came about. */
  toListing(): Listing<T> {
    const { total, dead, rows } = this;
    return { total, dead, rows };
  }
}
