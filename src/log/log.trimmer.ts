import { EXPECTED, HedgeError } from '../errors/index.js';
import type { LeaderClient, LeaderRequest, LeaderRoutes } from '../request/index.js';
import { repeated, type FencedCommitter } from '../session/index.js';
import { waitLimits, type Clock, type WaitLimits } from '../time/index.js';
import type { HedgeStore, Mutation, StoredEntry } from '../store/index.js';
import { checkKey } from './log.checks.js';
import type { TrimOptions } from './log.types.js';

const TRIM = 'hedge:trim';
/** Deletions a commit, far below what Spanner takes. */
const PAGE = 1_000;

interface TrimRequest {
  readonly key: string;
  readonly keep: number;
}

/** `trim`: drops old versions of a key, by the leader's hand. */
export class LogTrimmer {
  constructor(
    private readonly store: HedgeStore,
    private readonly committer: FencedCommitter,
    private readonly client: LeaderClient,
    private readonly clock: Clock,
    private readonly requestTimeout: number,
    /** ms; a put that is still being retried must meet the entry it repeats */
    private readonly retryWindow: number,
  ) {}

  register(routes: LeaderRoutes): void {
    routes.handleIdempotent(TRIM, (request) => this.#trim(request));
  }

  async trim(key: string, options: TrimOptions): Promise<number> {
    const request: TrimRequest = { key: checkKey(key), keep: checkKeep(options?.keep) };
    const limits = { ...waitLimits(options, this.requestTimeout), idempotent: true };
    return (await this.client.request(TRIM, request, limits)) as number;
  }

  async #trim({ data, term, timeout }: LeaderRequest): Promise<number> {
    const { key, keep } = readRequest(data);
    const until = this.clock.now().monotonic + timeout;
    const left = () => Math.max(1, until - this.clock.now().monotonic);
    const commit = (mutations: Mutation[]) =>
      repeated(this.clock, { timeout: left(), signal: term.signal }, (call) =>
        this.committer.commitOnce(term.session, mutations, call, term),
      );
    // The store's own time, from a commit that writes nothing but the fence.
    const youngest = (await commit([])) - BigInt(this.retryWindow) * 1_000_000n;
    let deleted = 0;
    for (let offset = keep; ;) {
      const page = await this.#page(key, offset, { timeout: left(), signal: term.signal });
      const old = page.filter(({ timestamp }) => timestamp < youngest);
      if (old.length > 0) await commit(old.map(deletionOf));
      deleted += old.length;
      offset += page.length - old.length;
      if (page.length < PAGE) return deleted;
    }
  }

  #page(key: string, offset: number, limits: WaitLimits): Promise<StoredEntry[]> {
    return repeated(this.clock, limits, (call) =>
      this.store.entries({ key, order: 'newest', offset, limit: PAGE, withoutValues: true }, call),
    );
  }
}

function deletionOf({ id, key }: StoredEntry): Mutation {
  return { table: 'log', op: 'delete', id, key };
}

/** A peer is not to be trusted to have checked what it sent. */
function readRequest(data: unknown): TrimRequest {
  const { key, keep } = (data ?? {}) as Partial<TrimRequest>;
  return { key: checkKey(key), keep: checkKeep(keep) };
}

/** @throws HedgeError `INVALID_ARGUMENT` */
function checkKeep(keep: unknown): number {
  if (Number.isSafeInteger(keep) && (keep as number) >= 1) return keep as number;
  throw new HedgeError('INVALID_ARGUMENT', EXPECTED('keep', 'a whole number of at least 1', keep));
}
