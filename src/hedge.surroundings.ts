import type { Network } from './messaging/index.js';
import type { Clock } from './time/index.js';

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

/** As much of a member as its surroundings see. */
export interface SurroundedMember {
  readonly options: { readonly candidate: boolean };
  /** `host:port` */
  readonly id: () => string;
  /** `notRunning`: the error of a member that takes no part in its group. */
  readonly state: { readonly notRunning: Error | undefined };
  readonly leader: {
    readonly election: {
      /** The term in which this member leads now. */
      readonly term: unknown;
      stepDown(reason: 'stepped-down'): Promise<void>;
    };
    /** `current`: the leader that this member knows. */
    readonly view: { readonly current: unknown };
  };
}

/** What a member goes by in place of the process's clocks and TCP. */
export interface Surroundings {
  readonly clock: Clock;
  readonly network: Network;
  /** Has it tick from now on, in place of a timer of the process. */
  recur(what: Recurring): void;
  /** Awaited, except for 'leaving'. */
  reached(stage: LifeStage, member: SurroundedMember): Promise<void>;
}
