import type { Observable } from 'rxjs';
import { HedgeError } from '../../../src/errors/index.js';
import { MemberReports } from '../../../src/hedge.channels.js';
import {
  Election,
  HedgeEvents,
  LeaderHeartbeats,
  LeaderView,
  LeadershipHooks,
  TermLifecycle,
  TermScope,
} from '../../../src/leader/index.js';
import { Sweeper } from '../../../src/sweep/index.js';
import { HeldTerms, LockAcquirer, LockReleaser, type Term } from '../../../src/lock/index.js';
import { CommitOutcomes, TermCommits } from '../../../src/log/index.js';
import { MemberIdentity, type MessageServer, type Peers } from '../../../src/messaging/index.js';
import type { HandlerExplorer } from '../../../src/handlers/index.js';
import type { ListChange, Membership } from '../../../src/membership/index.js';
import {
  FencedCommitter,
  SessionKeeper,
  SessionRenewer,
  type LossReason,
} from '../../../src/session/index.js';
import type { HedgeStore } from '../../../src/store/index.js';
import type { VirtualClock } from '../../support/time/virtual.clock.js';
import type { Mutant } from '../mutants.js';
import type { SeededRandom } from '../../support/simulated/seeded.random.js';
import type { SimulatedMesh } from '../../support/simulated/simulated.mesh.js';
import { silentLogger } from './silent.logger.js';

export interface SimulatedMemberSetting {
  readonly group: string;
  readonly leaseDuration: number;
  readonly id: string;
  readonly clock: VirtualClock;
  readonly store: HedgeStore;
  readonly mesh: SimulatedMesh;
  readonly random: SeededRandom;
  readonly mutant: Mutant;
  led(term: Term): void;
}

/** One for all: each that was ever used costs every promise of this process some time. */
const SCOPE = new TermScope();

let lives = 0;

/** One life of one process: the rooms that keep sessions, locks, leadership and the log, as a member has them. */
export class SimulatedMember {
  readonly id: string;
  /** Another for each life. */
  readonly instanceId = `i${lives++}`;
  readonly clock: VirtualClock;
  readonly keeper: SessionKeeper;
  readonly acquirer: LockAcquirer;
  readonly releaser: LockReleaser;
  readonly election: Election;
  readonly commits: TermCommits;
  readonly view: LeaderView;
  /** Why sessions ended here. */
  readonly sessionEnds = new Set<LossReason>();
  /** How many named locks are being acquired, used or given back. */
  lockUsers = 0;
  readonly #renewer: SessionRenewer;
  readonly #membership: Membership;
  #stopped = false;

  constructor({ mutant, mesh, random, ...setting }: SimulatedMemberSetting) {
    const { group, leaseDuration, clock } = setting;
    this.id = setting.id;
    this.clock = clock;
    const id = () => this.id;
    const draw = random.next;
    const logger = silentLogger();
    const store = mutant.store?.(setting.store) ?? setting.store;

    this.keeper = new SessionKeeper(mutant.deadlineClock?.(clock) ?? clock, {
      group,
      leaseDuration,
      address: id,
    });
    this.#recordEnds();
    mutant.keeper?.(this.keeper, clock);
    const committer = new FencedCommitter(this.keeper, store, clock);
    const self = { group, id: this.id, instanceId: this.instanceId };
    const reports = new MemberReports(self, () => clock.now().monotonic);
    this.#renewer = new SessionRenewer({
      keeper: this.keeper,
      committer,
      store,
      clock,
      leaseDuration,
      logger,
      reports,
      random: draw,
    });
    this.releaser = new LockReleaser(store, this.keeper, clock, draw);
    mutant.releaser?.(this.releaser);
    this.acquirer = new LockAcquirer({
      store,
      keeper: this.keeper,
      renewer: this.#renewer,
      releaser: this.releaser,
      clock,
      random: draw,
    });
    this.view = new LeaderView(clock);
    const explorer = { explore: () => [] } as unknown as HandlerExplorer;
    const hooks = new LeadershipHooks(explorer, clock, logger);
    const terms = new TermLifecycle({
      held: new HeldTerms(),
      events: new HedgeEvents(),
      hooks,
      scope: SCOPE,
      drainTimeout: 1_000,
      logger,
      announceRelease: () => this.#membership.tell(250),
    });
    this.election = new Election({
      options: {
        group,
        id,
        leaseDuration,
        candidate: true,
        rank: (gone) => this.#membership.list.rank(gone),
      },
      store,
      acquirer: this.acquirer,
      releaser: this.releaser,
      view: this.view,
      clock,
      logger,
      listener: terms,
      random: draw,
    });
    const { server, peers } = mesh.join(this);
    const identity = new MemberIdentity(group, this.instanceId);
    identity.id = this.id;
    const heartbeats = new LeaderHeartbeats({
      identity,
      server: server as MessageServer,
      peers: peers as Peers,
      clock,
      logger,
      options: { leaseDuration, candidate: true, metadata: {} },
      election: this.election,
      view: this.view,
    });
    this.#membership = heartbeats.membership;
    this.#membership.start();
    const outcomes = new CommitOutcomes(this.keeper, store, clock);
    this.commits = new TermCommits({ committer, outcomes, clock, leaseDuration, reports });
    terms.register(this.commits);
    terms.register(new Sweeper({ group, leaseDuration, store, clock, logger }));
    terms.register({ began: (term) => setting.led(term), ended: async () => undefined });
  }

  /** The members on its list, by their instance. */
  get seen(): string[] {
    return this.#membership.list.all.map(({ instanceId }) => instanceId);
  }

  get listChanges(): Observable<ListChange> {
    return this.#membership.list.changes;
  }

  get hasStopped(): boolean {
    return this.#stopped;
  }

  start(): void {
    this.election.start();
  }

  /** As {@link LogWriter} and its route do it on the member that leads. */
  append(entry: { id: string; key: string; value: string }, timeout: number): Promise<bigint> {
    const { term } = this.election;
    const commit = term && this.commits.of(term);
    if (!commit) return Promise.reject(new HedgeError('NOT_LEADER', 'not leading'));
    return commit.append({ ...entry, value: `${term.token}` }, timeout);
  }

  /** As the lifecycle does it at shutdown. */
  async leave(): Promise<void> {
    await this.election.retire();
    await this.election.stop();
    this.#membership.stop();
    this.#renewer.stop();
    this.releaser.stop();
    this.#stopped = true;
  }

  #recordEnds(): void {
    const { keeper, sessionEnds } = this;
    const end = keeper.end.bind(keeper);
    keeper.end = (session, reason) => {
      if (!session.hasEnded) sessionEnds.add(reason);
      end(session, reason);
    };
  }
}
