/**
 * One write. `'now'` stands for the commit timestamp; what is left out of an update stays as it is, and in an
 * insert is null. `update` of a row that is not there and `insert` of one that is fail the whole commit;
 * `delete` of a row that is not there does nothing.
 */
export type Mutation =
  | {
      /** Of the lock table. */
      readonly table: 'lock';
      /** An upsert writes whether the row is there or not. */
      readonly op: 'insert' | 'update' | 'upsert';
      /** The primary key. */
      readonly name: string;
      /** As {@link LockRow.writer}. */
      readonly writer?: string;
      /** When whoever writes it was last alive. */
      readonly heartbeat?: 'now' | null;
      /** When what it stands for began. */
      readonly token?: 'now' | null;
    }
  | {
      /** Of the lock table. */
      readonly table: 'lock';
      /** Deletes the row. */
      readonly op: 'delete';
      /** The primary key. */
      readonly name: string;
    }
  | {
      /** Of the log: its timestamp is that of the commit. */
      readonly table: 'log';
      /** Entries are never updated. */
      readonly op: 'insert';
      /** The second half of the primary key. */
      readonly id: string;
      /** The first half of the primary key. */
      readonly key: string;
      /** As it was put. */
      readonly value: string;
      /** The member that writes it. */
      readonly leader: string;
    }
  | {
      /** Of the log. */
      readonly table: 'log';
      /** Deletes the entry. */
      readonly op: 'delete';
      /** The second half of the primary key. */
      readonly id: string;
      /** The first half of the primary key. */
      readonly key: string;
    };
