import type { Term } from '../../src/lock/index.js';
import type { Mutation } from '../../src/store/index.js';
import { SimulatedCluster } from './cluster/simulated.cluster.js';
import { checkLockRows, HoldingWitness } from './invariants/holding.witness.js';
import { ModelStore } from '../support/simulated/model.store.js';
import type { Mutant } from './mutants.js';
import type { Schedule } from './schedule.js';
import { LEASE } from './settings.js';
import { SimulatedMesh } from '../support/simulated/simulated.mesh.js';
import { Troubles } from './troubles/troubles.js';
import { climateOf, Weather } from './troubles/weather.js';
import { SimulatedSemaphore } from './cluster/simulated.semaphore.js';

/** A cluster, its store and the troubles between them, as a seed makes them; a witness watches every step. */
export class SimulatedWorld {
  readonly semaphore: SimulatedSemaphore;
  readonly store: ModelStore;
  readonly weather: Weather;
  readonly cluster: SimulatedCluster;
  readonly troubles: Troubles;
  readonly #witness = new HoldingWitness();
  #terms = 0;
  /** How many commits there had been when the rows were checked last. */
  #checkedCommits = 0;

  constructor(
    readonly schedule: Schedule,
    mutant: Mutant,
  ) {
    const { random, time } = schedule;
    // Some last long enough for members to be struck off while they are there.
    const clearsAt = random.between(2, random.chance(0.15) ? 20 : 7) * LEASE;
    this.semaphore = new SimulatedSemaphore(random.pick([2, 3]), mutant);
    this.store = this.#makeStore(mutant);
    this.weather = new Weather({
      climate: { ...climateOf(random), ...mutant.climate },
      random,
      leaseDuration: LEASE,
      now: () => time.now,
      clearsAt,
      ambush: (id) => this.troubles.ambush(id),
    });
    this.cluster = new SimulatedCluster({
      schedule,
      store: this.store,
      weather: this.weather,
      mesh: new SimulatedMesh(this.weather.message),
      mutant,
      led: (term) => this.began(term),
    });
    this.troubles = new Troubles(schedule, this.weather, this.cluster, (id) =>
      this.#witness.crashed(id),
    );
    schedule.checkAlways(() => {
      this.#witness.check();
      this.#checkRows();
    });
  }

  /** How many terms have begun. */
  get terms(): number {
    return this.#terms;
  }

  /** A member was told that it leads, or holds a lock or a permit. */
  began(term: Term): void {
    this.#terms++;
    const { resource, session, token } = term;
    const { address } = session.owner;
    this.schedule.note(() => `${address} holds ${resource.row} (${token})`);
    term.signal.addEventListener('abort', () =>
      this.schedule.note(() => `${address} lost ${resource.row}: ${term.lossReason}`),
    );
    this.schedule.guard(() => this.#witness.began(term));
    this.troubles.isolate(address);
  }

  /** Only commits change rows. */
  #checkRows(): void {
    const { commits } = this.store;
    if (commits === this.#checkedCommits) return;
    this.#checkedCommits = commits;
    checkLockRows(this.store);
  }

  #makeStore(mutant: Mutant): ModelStore {
    const { random, time } = this.schedule;
    const skew = random.chance(0.5) ? 40 : 2;
    return new ModelStore({
      time,
      pace: random.between(0.997, 1.003),
      skew: () => random.between(-skew, skew),
      isForgetful: mutant.transactionsAreBlind,
      witness: (mutations, store) => {
        this.schedule.guard(() => this.#witness.commit(mutations, store));
        this.schedule.note(() => `commit ${mutations.map(shown).join(', ')}`);
      },
    });
  }
}

function shown(mutation: Mutation): string {
  const { table, op } = mutation;
  return table === 'lock' ? `${op} ${mutation.name}` : `${op} ${mutation.key} ${mutation.id}`;
}
