import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { HedgeService, OnBroadcast, OnLeaderMessage } from 'nestjs-hedge';
import { concat, defer, from, Subject, type Observable } from 'rxjs';

/** A log entry as the page shows it. */
export interface NewEntry {
  id: string;
  key: string;
  value: string;
  timestamp: string;
}

const KEPT = 30;

/** The newest log entries, told to all members by the one that was asked to put them. */
@Injectable()
export class EntryFeed implements OnApplicationBootstrap {
  readonly #logger = new Logger('Demo');
  readonly #newest = new Map<string, NewEntry>();
  readonly #written = new Subject<NewEntry>();

  constructor(private readonly hedge: HedgeService) {}

  /** Those written before, then those to come. */
  readonly entries$: Observable<NewEntry> = defer(() =>
    concat(from([...this.#newest.values()]), this.#written),
  );

  /** One that starts later asks the leader what it missed. */
  onApplicationBootstrap() {
    this.hedge
      .send<NewEntry[]>('newest-entries', {}, { idempotent: true })
      .then((entries) => entries.forEach((entry) => this.written(entry)))
      .catch((error: Error) => this.#logger.debug(error.message));
  }

  announce(entry: NewEntry): void {
    this.hedge
      .broadcast('written', entry, { timeout: 1_000 })
      .catch((error: Error) => this.#logger.debug(error.message));
  }

  @OnBroadcast('written')
  written(@Payload() entry: NewEntry): void {
    if (this.#newest.has(entry.id)) return;
    this.#newest.set(entry.id, entry);
    for (const id of this.#newest.keys()) {
      if (this.#newest.size <= KEPT) break;
      this.#newest.delete(id);
    }
    this.#written.next(entry);
  }

  @OnLeaderMessage('newest-entries')
  newest(): NewEntry[] {
    return [...this.#newest.values()];
  }
}
