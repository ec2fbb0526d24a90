import { EXPECTED, HedgeError, NOT_RUNNING_ANY_MORE } from '../errors/index.js';
import { repeated } from '../session/index.js';
import type { EntryQuery, HedgeStore, StoreCall, StoredEntry } from '../store/index.js';
import { waitLimits, type Clock } from '../time/index.js';
import { checkKey } from './log.checks.js';
import type { GetOptions, HistoryOptions, LogEntry } from './log.types.js';
import { formatTimestamp, parseTimestamp } from './timestamp.js';

/** ms: a day; no replica lags that far behind */
const LONGEST_STALENESS = 86_400_000;

/** Reads the log from the store, on any member. */
export class LogReader {
  readonly #closed = new AbortController();

  constructor(
    private readonly store: HedgeStore,
    private readonly clock: Clock,
    private readonly requestTimeout: number,
  ) {}

  async get(key: string, options: GetOptions = {}): Promise<LogEntry | undefined> {
    const [newest] = await this.history(key, { ...options, limit: 1 });
    return newest;
  }

  async history(key: string, options: HistoryOptions = {}): Promise<LogEntry[]> {
    const query = queryOf(key, options);
    const limits = waitLimits(options, this.requestTimeout);
    const read = (call: StoreCall) => this.store.entries(query, call);
    const entries = await repeated(this.clock, limits, read, this.#closed.signal);
    return entries.map(entryOf);
  }

  /** This member has shut down: it asks the store no more. */
  close(): void {
    this.#closed.abort(new HedgeError('NOT_RUNNING', NOT_RUNNING_ANY_MORE));
  }
}

function queryOf(key: string, options: HistoryOptions): EntryQuery {
  const { order = 'newest', limit, maxStaleness } = options;
  if (order !== 'newest' && order !== 'oldest')
    throw invalid('order', "'newest' or 'oldest'", order);
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    throw invalid('limit', 'a whole number above 0', limit);
  }
  if (maxStaleness !== undefined && !(Number.isFinite(maxStaleness) && maxStaleness >= 0)) {
    throw invalid('maxStaleness', 'a number of ms, 0 or more', maxStaleness);
  }
  return {
    key: checkKey(key),
    order,
    limit,
    before: time('before', options.before),
    after: time('after', options.after),
    maxStaleness: Math.min(maxStaleness ?? 0, LONGEST_STALENESS) || undefined,
  };
}

function time(field: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const timestamp = typeof text === 'string' ? parseTimestamp(text) : undefined;
  if (timestamp === undefined) throw invalid(field, 'an RFC 3339 time', text);
  return timestamp;
}

function invalid(field: string, expected: string, got: unknown): HedgeError {
  return new HedgeError('INVALID_ARGUMENT', EXPECTED(field, expected, got));
}

function entryOf({ timestamp, ...entry }: StoredEntry): LogEntry {
  return { ...entry, timestamp: formatTimestamp(timestamp) };
}
