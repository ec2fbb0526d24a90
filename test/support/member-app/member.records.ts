import { closeSync, existsSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** ns of CLOCK_MONOTONIC, which all processes of a machine share. */
export function machineTime(): bigint {
  return process.hrtime.bigint();
}

/** ms from one machine time to another. */
export function msBetween(from: bigint, to: bigint): number {
  return Number(to - from) / 1e6;
}

/**
 * A stretch of time in which a member's `isLeader()`, or `isHeld()` of something, was seen to be true. Both ends are on the safe side: it was true
 * at some moment not after `from`, and at some moment not before `to`.
 */
export interface HeldInterval {
  readonly token: bigint;
  /** Machine time right after the first call that said true. */
  readonly from: bigint;
  /** Machine time right before the last call that said true. */
  readonly to: bigint;
}

export type MemberEvent =
  /** A put that was acknowledged: its value, when it was begun, and the entry's commit timestamp in ns. */
  | {
      type: 'ack';
      at: bigint;
      key: string;
      value: string;
      id: string;
      begunAt: bigint;
      timestamp: bigint;
    }
  /** A put that was not. */
  | { type: 'failed-put'; at: bigint; key: string; value: string; code: string }
  | { type: 'gained'; at: bigint; token: bigint }
  | { type: 'lost'; at: bigint; token: bigint; reason: string }
  /** A term's signal aborted. */
  | { type: 'aborted'; at: bigint; token: bigint }
  /** The members it sees, after each change. */
  | { type: 'members'; at: bigint; ids: string[] }
  /** So many permits were held at some moment not before this one; noted at each look. */
  | { type: 'permits'; at: bigint; held: number }
  /** The event loop stood still; `firstTurnAt` is the end of its first turn since. */
  | { type: 'stood-still'; at: bigint; firstTurnAt: bigint }
  /** A lock or a permit: it was asked for at `askedAt`. */
  | { type: 'acquired'; at: bigint; what: string; askedAt: bigint; token: bigint }
  | { type: 'not-acquired'; at: bigint; what: string; askedAt: bigint; code: string }
  | { type: 'holding-aborted'; at: bigint; what: string; token: bigint }
  | { type: 'released'; at: bigint; what: string; token: bigint }
  /** A put under a lock, whose value is the token: the code it failed with, or `written`. */
  | { type: 'lock-put'; at: bigint; key: string; token: bigint; begunAt: bigint; code: string }
  /** A run of the cron, for a slot in ms since 1970. */
  | { type: 'cron-began'; at: bigint; slot: number; token: bigint }
  | { type: 'cron-ended'; at: bigint; slot: number }
  /** It was told of a run that nobody saw end. */
  | { type: 'cron-interrupted'; at: bigint; slot: number }
  /** A slow handler began, and how it ended. */
  | { type: 'handler-began'; at: bigint }
  | { type: 'handler-aborted'; at: bigint }
  | { type: 'handler-ended'; at: bigint };

/** What leadership is called among the things that are held. */
export const LEADERSHIP = 'leadership';

const intervalsFile = (what: string) => `intervals-${what}.bin`;
const EVENTS = 'events.jsonl';
/** token, from, to */
const RECORD = 24;

/** Notes how long things are held, one after the other. */
class IntervalWriter {
  readonly #file: number;
  readonly #record = Buffer.alloc(RECORD);
  #token: bigint | undefined;
  #position = -RECORD;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  seen(token: bigint, before: bigint, after: bigint): void {
    if (token === this.#token) {
      this.#record.writeBigUInt64LE(before, 16);
    } else {
      this.#token = token;
      this.#position += RECORD;
      this.#record.writeBigUInt64LE(token, 0);
      this.#record.writeBigUInt64LE(after, 8);
      this.#record.writeBigUInt64LE(before, 16);
    }
    writeSync(this.#file, this.#record, 0, RECORD, this.#position);
  }
}

/**
 * What a member process notes of itself. Each note is in the file (the kernel has it) before the call returns, so it
 * outlives a kill -9 right afterwards.
 */
export class RecordWriter {
  readonly #intervals = new Map<string, IntervalWriter>();
  readonly #events: number;

  constructor(private readonly folder: string) {
    this.#events = openSync(join(folder, EVENTS), 'a');
  }

  /**
   * Whether it is held was asked after `before`, had been answered true by `after`, and this token was that holding's.
   * No two of one name at a time.
   */
  seen(what: string, token: bigint, before: bigint, after: bigint): void {
    let intervals = this.#intervals.get(what);
    if (!intervals) {
      intervals = new IntervalWriter(join(this.folder, intervalsFile(what)));
      this.#intervals.set(what, intervals);
    }
    intervals.seen(token, before, after);
  }

  note(event: MemberEvent): void {
    const json = JSON.stringify(event, (_key, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    writeSync(this.#events, `${json}\n`);
  }
}

type EventOf<T extends MemberEvent['type']> = Extract<MemberEvent, { type: T }>;

/**
 * Reads what a member noted, while it runs or after it was killed. Only what is new: tests ask often, and what they take
 * of the machine is missing in what they measure.
 */
export class RecordReader {
  readonly #events = new Map<string, MemberEvent[]>();
  readonly #chunk = Buffer.alloc(1 << 20);
  #file: number | undefined;
  #read = 0;

  constructor(private readonly folder: string) {}

  /** Of leadership. */
  get intervals(): HeldInterval[] {
    return this.intervalsOf(LEADERSHIP);
  }

  intervalsOf(what: string): HeldInterval[] {
    const path = join(this.folder, intervalsFile(what));
    if (!existsSync(path)) return [];
    const bytes = readFileSync(path);
    const intervals: HeldInterval[] = [];
    for (let at = 0; at + RECORD <= bytes.length; at += RECORD) {
      intervals.push({
        token: bytes.readBigUInt64LE(at),
        from: bytes.readBigUInt64LE(at + 8),
        to: bytes.readBigUInt64LE(at + 16),
      });
    }
    return intervals;
  }

  /** All of one type, oldest first. */
  eventsOf<T extends MemberEvent['type']>(type: T): readonly EventOf<T>[] {
    this.#readNew();
    return (this.#events.get(type) ?? []) as EventOf<T>[];
  }

  #readNew(): void {
    const path = join(this.folder, EVENTS);
    if (this.#file === undefined && !existsSync(path)) return;
    this.#file ??= openSync(path, 'r');
    for (;;) {
      const count = readSync(this.#file, this.#chunk, 0, this.#chunk.length, this.#read);
      // A line that is being written has no end yet.
      const end = this.#chunk.subarray(0, count).lastIndexOf('\n') + 1;
      if (end === 0) return;
      this.#read += end;
      for (const line of this.#chunk.toString('utf8', 0, end - 1).split('\n')) {
        const event = parseEvent(line);
        const known = this.#events.get(event.type);
        if (known) known.push(event);
        else this.#events.set(event.type, [event]);
      }
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

function parseEvent(line: string): MemberEvent {
  return JSON.parse(line, (_key, value: unknown) =>
    typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as MemberEvent;
}
