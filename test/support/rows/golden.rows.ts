import { readFileSync } from 'node:fs';
import type { Mutation } from '../../../src/store/index.js';
import type { CronState } from '../../../src/table/index.js';

/** What the row says, by its kind. */
type Says =
  | { readonly kind: 'group-lock'; readonly says: { readonly address: string } }
  | { readonly kind: 'group-fence'; readonly says: Term }
  | { readonly kind: 'session'; readonly says: Session }
  | { readonly kind: 'lock'; readonly says: { readonly name: string; readonly address: string } }
  | { readonly kind: 'fence'; readonly says: Term & { readonly name: string } }
  | { readonly kind: 'permit'; readonly says: Term & { readonly name: string; limit: number } }
  | { readonly kind: 'cron'; readonly says: Cron };

interface Term {
  readonly termId: string;
  readonly sessionId: string;
}

interface Session {
  readonly id: string;
  readonly leaseDuration: number;
  readonly address: string;
}

/** A token is text in JSON. */
type Cron = Omit<CronState, 'token'> & { readonly name: string; readonly token: string };

export type GoldenRow = Says & {
  readonly name: string;
  readonly writer: string;
  readonly token: string | null;
  readonly hasHeartbeat: boolean;
};

/** The group that the golden rows belong to. */
export const GOLDEN_GROUP = 'orders';

/**
 * The rows that two members of version 0.1.0 left in a SQLite file. The file was written before rows had a version, by two
 * processes that were killed: one led and ran two crons, each held a lock and a permit.
 */
export const GOLDEN_ROWS = JSON.parse(
  readFileSync(new URL('format-1.json', import.meta.url), 'utf8'),
) as GoldenRow[];

/** Puts the golden rows into a store, with heartbeats and tokens of now. */
export function goldenInsertions(): Mutation[] {
  return GOLDEN_ROWS.map(({ name, writer, token, hasHeartbeat }) => ({
    table: 'lock',
    op: 'insert',
    name,
    writer,
    token: token === null ? null : 'now',
    heartbeat: hasHeartbeat ? 'now' : null,
  }));
}
