import { formatCron, NewerRow, parseCron, type CronState } from '../table/index.js';
import type { Decision, LockRow, Mutation } from '../store/index.js';

/** One attempt to run a cron for a slot. */
export interface Claim {
  readonly row: string;
  readonly state: CronState & { readonly state: 'running' };
  /** It is for what may have been missed: where the cron never ran, nothing was. */
  readonly catchesUp: boolean;
  /** The slot that comes after another one. */
  next(slot: number): number;
}

/**
 * What a claim found:
 * - `claimed`: its commit makes the slot this attempt's, once and for all; `before` is what stood there;
 * - `mine`: an earlier commit of this very attempt already landed;
 * - `taken`: this slot or a later one was claimed before;
 * - `begun`: there was nothing to catch up with; from now on there may be;
 * - `newer`: a later version wrote the row, so this version cannot tell which slots were claimed.
 */
export type ClaimAnswer =
  | { readonly kind: 'claimed'; readonly before: CronState | undefined }
  | { readonly kind: 'mine' | 'begun' }
  | { readonly kind: 'taken'; readonly by: CronState }
  | { readonly kind: 'newer'; readonly format: number };

export function decideClaim(claim: Claim, rows: readonly LockRow[]): Decision<ClaimAnswer> {
  const { row, state, catchesUp } = claim;
  const before = rows.map(parseCron).find((found) => found !== undefined);
  if (before instanceof NewerRow) {
    return { result: { kind: 'newer', format: before.format }, mutations: [] };
  }
  if (before?.claim === state.claim) {
    return { result: { kind: before.state === 'running' ? 'mine' : 'begun' }, mutations: [] };
  }
  // The second 02:30 of a night that has two of them does not come after the first. And by the slot, whatever the
  // state: a run that was cut short is not repeated, for nobody knows how far it got (SLOT-ONCE-EVER).
  if (before && (before.slot >= state.slot || claim.next(before.slot) > state.slot)) {
    return { result: { kind: 'taken', by: before }, mutations: [] };
  }
  if (!before && catchesUp) {
    return { result: { kind: 'begun' }, mutations: [written(row, { ...state, state: 'done' })] };
  }
  return { result: { kind: 'claimed', before }, mutations: [written(row, state)] };
}

/** The run is over. Changes nothing once another claim stands there, or a row of a newer format. */
export function decideEnd({ row, state }: Claim, rows: readonly LockRow[]): Decision<boolean> {
  const now = rows.map(parseCron).find((found) => found !== undefined);
  const isOurs = now !== undefined && !(now instanceof NewerRow) && now.claim === state.claim;
  if (!isOurs || now.state === 'done') return { result: isOurs, mutations: [] };
  return { result: true, mutations: [written(row, { ...state, state: 'done' })] };
}

function written(name: string, state: CronState): Mutation {
  return { table: 'lock', op: 'upsert', name, writer: formatCron(state) };
}
