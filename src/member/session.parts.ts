import type { MemberBase } from './member.base.js';
import { HeldTerms, LockAcquirer, LockReleaser } from '../lock/index.js';
import { FencedCommitter, SessionKeeper, SessionRenewer } from '../session/index.js';

/** A member's session, and the locks that the member holds by it. */
export class SessionParts {
  readonly keeper: SessionKeeper;
  readonly committer: FencedCommitter;
  readonly renewer: SessionRenewer;
  readonly held = new HeldTerms();
  readonly releaser: LockReleaser;
  readonly acquirer: LockAcquirer;

  constructor({ options, store, clock, logger, reports, id }: MemberBase) {
    const { group, leaseDuration } = options;
    const keeper = (this.keeper = new SessionKeeper(clock, { group, leaseDuration, address: id }));
    this.committer = new FencedCommitter(keeper, store, clock);
    this.renewer = new SessionRenewer({
      keeper,
      committer: this.committer,
      store,
      clock,
      leaseDuration,
      logger,
      reports,
    });
    this.releaser = new LockReleaser(store, keeper, clock);
    this.acquirer = new LockAcquirer({
      store,
      keeper,
      renewer: this.renewer,
      releaser: this.releaser,
      clock,
    });
  }
}
