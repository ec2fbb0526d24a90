import { randomUUID } from 'node:crypto';
import type { Logger } from '@nestjs/common';
import type { InterruptedRun, Leadership, LeaderWork } from '../leader/index.js';
import { cronRow, type CronState } from '../table/index.js';
import type { Term } from '../lock/index.js';
import type { Clock } from '../time/index.js';
import type { Claim } from './claim.decision.js';
import type { CronClaims } from './cron.claims.js';
import type { CronRun } from './cron.run.js';
import type { CronSlots } from './cron.slots.js';
import {
  CRON_AHEAD,
  CRON_END_UNKNOWN,
  CRON_ERROR_UNSPEAKABLE,
  CRON_INTERRUPTED,
  CRON_NOT_CLAIMED,
  CRON_ROW_NEWER,
  CRON_STILL_RUNNING,
} from './schedule.messages.js';

/** ms that a slot may be in the future before that is worth a line: clocks differ by less. */
const AHEAD = 60_000;

export interface LeaderCronParts {
  readonly group: string;
  readonly name: string;
  readonly slots: CronSlots;
  readonly catchesUp: boolean;
  /** Calls the app's method. */
  readonly call: (run: CronRun) => unknown;
}

/** What crons need of their member. */
export interface CronPorts {
  readonly work: Pick<LeaderWork, 'term' | 'run'>;
  readonly claims: CronClaims;
  readonly clock: Clock;
  /** Of the library. */
  readonly logger: Logger;
  /** Where Nest logs what a scheduled method throws. */
  readonly runLogger: Logger;
  leadershipOf(term: Term): Leadership | undefined;
  interrupted(run: InterruptedRun): void;
}

/** One cron on one member: when its time has come, and this member leads, it claims the slot and runs. */
export class LeaderCronJob {
  /** The term that a run belongs to which goes on. */
  #busy: Term | undefined;
  /** The claim of a run that ended, although the store may not know. */
  #ended: string | undefined;
  /** Up to which slot others were found to be ahead. */
  #ahead = 0;
  /** It was said that the row is of a newer format. */
  #hasSaidNewer = false;

  constructor(
    private readonly parts: LeaderCronParts,
    private readonly ports: CronPorts,
  ) {}

  /** The time has come. Resolves when what follows from that is through, and never rejects. */
  async tick(): Promise<void> {
    const { term } = this.ports.work;
    if (term) await this.#take(term, false);
  }

  /** This member leads now: it may have been for nobody to run it. */
  catchUp(): void {
    const { term } = this.ports.work;
    if (term && this.parts.catchesUp && !this.#busy) void this.#take(term, true);
  }

  async #take(first: Term, catchesUp: boolean): Promise<void> {
    const { work } = this.ports;
    let slot = this.#latest();
    if (slot === undefined) return;
    if (this.#busy) return this.#leaveOut(this.#busy, slot);
    for (let term: Term | undefined = first; term; term = this.#missedSince(slot)) {
      slot = this.#latest() ?? slot;
      const claim = this.#claimOf(term, slot, catchesUp);
      this.#busy = term;
      const within = term;
      await work.run(term, () => this.#attempt(within, claim));
      this.#busy = undefined;
      catchesUp = true;
    }
  }

  /** The term to catch up in with what came while it was running. */
  #missedSince(slot: number): Term | undefined {
    const { slots, catchesUp } = this.parts;
    const latest = this.#latest() ?? slot;
    const isDue = catchesUp && latest > slot && slots.after(slot) <= latest;
    return isDue ? this.ports.work.term : undefined;
  }

  /** Never rejects. */
  async #attempt(term: Term, claim: Claim): Promise<void> {
    if (!(await this.#isOurs(term, claim))) return;
    const { state } = claim;
    const leadership = this.ports.leadershipOf(term);
    // What the store has by now it has for good; that it was not run is told by the next run.
    if (!term.isHeld() || !leadership) return;
    const { name, call } = this.parts;
    try {
      await call({ name, slot: new Date(state.slot), term: leadership });
    } catch (error) {
      this.#report(error);
    }
    this.#ended = state.claim;
    await this.#end(term, claim);
  }

  /** What was thrown may itself throw when it is looked at, and the run has ended all the same. */
  #report(error: unknown): void {
    try {
      this.ports.runLogger.error(error);
    } catch {
      this.ports.logger.warn(CRON_ERROR_UNSPEAKABLE(this.parts.name));
    }
  }

  async #isOurs(term: Term, claim: Claim): Promise<boolean> {
    const { name } = this.parts;
    try {
      const outcome = await this.ports.claims.claim(term, claim);
      if (!outcome.isOurs) {
        const { by, newerFormat } = outcome;
        if (by) this.#lookAhead(by);
        if (newerFormat !== undefined) this.#skipForNewer(claim, newerFormat);
        return false;
      }
      if (outcome.before) this.#lookBack(outcome.before);
      return true;
    } catch (error) {
      const text = CRON_NOT_CLAIMED(name, timeOf(claim.state), error);
      this.#say(term, text);
      return false;
    }
  }

  async #end(term: Term, claim: Claim): Promise<void> {
    try {
      await this.ports.claims.end(term, claim);
    } catch (error) {
      this.#say(term, CRON_END_UNKNOWN(this.parts.name, timeOf(claim.state), error));
    }
  }

  /** That a term has ended is said elsewhere, and what it took along is told by the next run. */
  #say(term: Term, text: string): void {
    if (term.isHeld()) this.ports.logger.warn(text);
    else this.ports.logger.debug(text);
  }

  #lookBack({ state, claim, slot, member, token }: CronState): void {
    if (state === 'done' || claim === this.#ended) return;
    const { name } = this.parts;
    this.ports.logger.warn(CRON_INTERRUPTED(name, new Date(slot).toISOString(), member));
    this.ports.interrupted({ name, slot: new Date(slot), member, token });
  }

  #lookAhead(by: CronState): void {
    if (by.slot === this.#ahead || by.slot - this.ports.clock.now().wall < AHEAD) return;
    this.#ahead = by.slot;
    this.ports.logger.warn(CRON_AHEAD(this.parts.name, timeOf(by), by.member));
  }

  /** Aloud once: it is so at every slot until somebody updates the app. */
  #skipForNewer({ state }: Claim, format: number): void {
    const text = CRON_ROW_NEWER(this.parts.name, timeOf(state), format);
    if (this.#hasSaidNewer) this.ports.logger.debug(text);
    else this.ports.logger.warn(text);
    this.#hasSaidNewer = true;
  }

  #leaveOut(busy: Term, slot: number): void {
    const { name, catchesUp } = this.parts;
    if (catchesUp) return;
    const text = CRON_STILL_RUNNING(name, timeOf({ slot }));
    // A run that was told to stop and has not is worth a line.
    if (busy.isHeld()) this.ports.logger.debug(text);
    else this.ports.logger.warn(text);
  }

  #latest(): number | undefined {
    return this.parts.slots.latest(this.ports.clock.now().wall);
  }

  #claimOf({ session, token }: Term, slot: number, catchesUp: boolean): Claim {
    const { group, name, slots } = this.parts;
    const member = session.owner.address;
    const state = { slot, state: 'running', token, claim: randomUUID(), member } as const;
    const next = (last: number) => slots.after(last);
    return { row: cronRow(group, name), state, catchesUp, next };
  }
}

function timeOf({ slot }: Pick<CronState, 'slot'>): string {
  return new Date(slot).toISOString();
}
