/**
 * A write. `'now'` is the commit timestamp. An update keeps the columns that it leaves out, and an insert sets them to
 * null. The whole commit fails if an `update` finds no row or an `insert` finds a row. A `delete` of a missing row does
 * nothing.
 */
export type Mutation =
  | {
      /** A row of the lock table. */
      readonly table: 'lock';
      /** An upsert writes a row that exists, and a row that does not. */
      readonly op: 'insert' | 'update' | 'upsert';
      /** The primary key. */
      readonly name: string;
      /** As {@link LockRow.writer}. */
      readonly writer?: string;
      /** When the writer of the row was last alive. */
      readonly heartbeat?: 'now' | null;
      /** When the term of the row began. */
      readonly token?: 'now' | null;
    }
  | {
      /** A row of the lock table. */
      readonly table: 'lock';
      /** Deletes the row. */
      readonly op: 'delete';
      /** The primary key. */
      readonly name: string;
    }
  | {
      /** An entry of the log. Its timestamp is that of the commit. */
      readonly table: 'log';
      /** An entry is never updated. */
      readonly op: 'insert';
      /** The second half of the primary key. */
      readonly id: string;
      /** The first half of the primary key. */
      readonly key: string;
      /** The value that was put. */
      readonly value: string;
      /** The member that writes it. */
      readonly leader: string;
    }
  | {
      /** An entry of the log. */
      readonly table: 'log';
      /** Deletes the entry. */
      readonly op: 'delete';
      /** The second half of the primary key. */
      readonly id: string;
      /** The first half of the primary key. */
      readonly key: string;
    };
