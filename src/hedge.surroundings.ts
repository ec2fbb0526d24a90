import type { HedgeMember } from './hedge.member.js';
import type { Network } from './messaging/index.js';
import type { Clock } from './session/index.js';
import type { HedgeStore } from './store/index.js';

/** A member comes to each of them once, the last two also if its start fails. */
export type LifeStage = 'starting' | 'started' | 'leaving' | 'closed';

/** What is due again and again, at moments of its own. */
export interface Recurring {
  readonly name: string;
  /** ms since 1970: the first moment after this one */
  next(after: number): number;
  /** Resolves when what it set off is through. */
  tick(): Promise<void>;
}

/** What a member goes by in place of the process's clocks and TCP. */
export interface Surroundings {
  readonly clock: Clock;
  readonly network: Network;
  /** Has it tick from now on, in place of a timer of the process. */
  recur(what: Recurring): void;
  /** Awaited, except for 'leaving'. */
  reached(stage: LifeStage, member: HedgeMember): Promise<void>;
}

/** The key by which a store brings its surroundings along: that of a spec does, and no other. */
export const SURROUNDINGS = Symbol('SURROUNDINGS');

export interface SurroundedStore extends HedgeStore {
  readonly [SURROUNDINGS]?: Surroundings;
}
