/**
 * One write. `'now'` stands for the commit timestamp; what is left out of an update stays as it is, and in an
 * insert is null. `update` of a row that is not there and `insert` of one that is fail the whole commit;
 * `delete` of a row that is not there does nothing.
 */
export type Mutation =
  | {
      readonly table: 'lock';
      readonly op: 'insert' | 'update' | 'upsert';
      readonly name: string;
      readonly writer?: string;
      readonly heartbeat?: 'now' | null;
      readonly token?: 'now' | null;
    }
  | { readonly table: 'lock'; readonly op: 'delete'; readonly name: string }
  | {
      readonly table: 'log';
      readonly op: 'insert';
      readonly id: string;
      readonly key: string;
      readonly value: string;
      readonly leader: string;
    }
  | { readonly table: 'log'; readonly op: 'delete'; readonly id: string; readonly key: string };
