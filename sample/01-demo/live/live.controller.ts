import { Controller, Sse } from '@nestjs/common';
import { map, merge, type Observable } from 'rxjs';
import type { MessageEvent } from '@nestjs/common';
import { EntryFeed } from './entry.feed.js';
import { StateFeed } from './state.feed.js';

/** What the page listens to. */
@Controller('live')
export class LiveController {
  constructor(
    private readonly states: StateFeed,
    private readonly entries: EntryFeed,
  ) {}

  @Sse()
  live(): Observable<MessageEvent> {
    return merge(
      this.states.states$.pipe(map((data) => ({ type: 'state', data }))),
      this.entries.entries$.pipe(map((data) => ({ type: 'entry', data }))),
    );
  }
}
