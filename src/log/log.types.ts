import type { Leadership } from '../leader/index.js';
import type { Lock } from '../lock/index.js';
import type { WaitOptions } from '../time/index.js';

/** One version of a key. */
export interface LogEntry {
  /** Made by the member that put the entry: a UUIDv7. Entries of apps in Go have other ids. */
  readonly id: string;
  /** The key of which this is a version. */
  readonly key: string;
  /** The value as it was put. */
  readonly value: string;
  /** The id of the member that wrote it: the leader at that time, or the holder of the put's `lock`. */
  readonly leader: string;
  /** When it was committed: RFC 3339 in UTC, with nine decimal places. */
  readonly timestamp: string;
}

/** Proof that an entry is in the log. */
export type LogReceipt = Pick<LogEntry, 'id' | 'key' | 'timestamp'>;

/** Options of `HedgeService.put`. */
export interface PutOptions extends WaitOptions {
  /**
   * Writes the entry in this term, or never (`NOT_LEADER`). Inside a leader handler, a put is bound to the handler's
   * term even without this option.
   */
  term?: Leadership;
  /**
   * Writes the entry while this member holds this lock, or never (`LOCK_LOST`). The member writes it itself and needs
   * no leader. Inside a leader handler, or with `term`, both have to stand. A permit will not do: it does not keep
   * other members from writing.
   */
  lock?: Lock;
}

/** Options of `HedgeService.get`. */
export interface GetOptions extends WaitOptions {
  /** ms by which the read may lag behind: the nearest replica then serves it. @default 0, a strong read */
  maxStaleness?: number;
}

/** Options of `HedgeService.history`. */
export interface HistoryOptions extends GetOptions {
  /** The greatest number of entries. @default all */
  limit?: number;
  /** @default 'newest': newest first */
  order?: 'newest' | 'oldest';
  /** Only entries older than this RFC 3339 time. */
  before?: string;
  /** Only entries younger than this RFC 3339 time. */
  after?: string;
}

/** Options of `HedgeService.trim`. */
export interface TrimOptions extends WaitOptions {
  /** How many of the newest entries to keep: at least 1. */
  keep: number;
}
