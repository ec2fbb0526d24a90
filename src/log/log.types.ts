import type { Leadership } from '../leader/index.js';
import type { Lock } from '../lock/index.js';
import type { WaitOptions } from '../time/index.js';

/** One version of a key. */
export interface LogEntry {
  /** Made by the member that put it: a UUIDv7. Entries of apps in Go have others. */
  readonly id: string;
  /** What it is a version of. */
  readonly key: string;
  /** As it was put. */
  readonly value: string;
  /** The id of the member that wrote it: who led then, or who held the `lock` it was put under. */
  readonly leader: string;
  /** When it was committed: RFC 3339 in UTC, with nine digits. */
  readonly timestamp: string;
}

/** Proof that an entry is in the log. */
export type LogReceipt = Pick<LogEntry, 'id' | 'key' | 'timestamp'>;

/** For `HedgeService.put`. */
export interface PutOptions extends WaitOptions {
  /**
   * Write under this term or not at all (`NOT_LEADER`). Puts made inside a leader handler are bound to the
   * handler's term without saying so.
   */
  term?: Leadership;
  /**
   * Write while this lock of this member stands, or not at all (`LOCK_LOST`). The member writes it itself, and no leader
   * is needed. Inside a leader handler, or with `term`, both have to stand. A permit is no lock: it keeps nobody else
   * from writing.
   */
  lock?: Lock;
}

/** For `HedgeService.get`. */
export interface GetOptions extends WaitOptions {
  /** ms; a read that may lag so much is served by the nearest replica. @default 0, a strong read */
  maxStaleness?: number;
}

/** For `HedgeService.history`. */
export interface HistoryOptions extends GetOptions {
  /** How many entries at the most. @default all */
  limit?: number;
  /** @default 'newest': newest first */
  order?: 'newest' | 'oldest';
  /** Only entries older than this RFC 3339 time. */
  before?: string;
  /** Only entries younger than this RFC 3339 time. */
  after?: string;
}

/** For `HedgeService.trim`. */
export interface TrimOptions extends WaitOptions {
  /** How many of the newest entries stay: at least 1. */
  keep: number;
}
