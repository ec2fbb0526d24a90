import type { Network } from './messaging/index.js';
import type { Clock } from './time/index.js';

/** A member reaches each stage once. It reaches the last two also after a failed start. */
export type LifeStage = 'starting' | 'started' | 'leaving' | 'closed';

/** Work that recurs at times of its own. */
export interface Recurring {
  readonly name: string;
  /** The first time after this one, in ms since 1970. */
  next(after: number): number;
  /** Resolves when the work that it started has ended. */
  tick(): Promise<void>;
}

/** The part of a member that its surroundings see. */
export interface SurroundedMember {
  readonly options: { readonly candidate: boolean };
  /** `host:port` */
  readonly id: () => string;
  /** `notRunning`: the error of a member that is not part of its group. */
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

/** A clock and a network for a member, instead of those of the process. */
export interface Surroundings {
  readonly clock: Clock;
  readonly network: Network;
  /** Calls `tick` at its times from now on, instead of a timer of the process. */
  recur(what: Recurring): void;
  /** The member awaits it, except at 'leaving'. */
  reached(stage: LifeStage, member: SurroundedMember): Promise<void>;
}
