import {
  CommitOutcomes,
  LogReader,
  LogTrimmer,
  LogWriter,
  PutBinding,
  TermCommits,
} from '../log/index.js';
import type { LeaderParts } from './leader.parts.js';
import type { MemberBase } from './member.base.js';
import type { MessageParts } from './message.parts.js';
import type { SessionParts } from './session.parts.js';

/** The log, as every member reads it and the leader writes it. */
export class LogParts {
  readonly outcomes: CommitOutcomes;
  readonly writer: LogWriter;
  readonly reader: LogReader;
  readonly trimmer: LogTrimmer;

  constructor(
    { options, store, clock, scope, reports, tracing }: MemberBase,
    { keeper, committer, held }: SessionParts,
    { terms }: LeaderParts,
    { client, routes }: MessageParts,
  ) {
    const { leaseDuration, requestTimeout } = options;
    this.outcomes = new CommitOutcomes(keeper, store, clock);
    const commits = new TermCommits({
      committer,
      outcomes: this.outcomes,
      clock,
      leaseDuration,
      reports,
    });
    terms.register(commits);
    const binding = new PutBinding(commits, terms, held, scope);
    const retryWindow = 2 * requestTimeout;
    const shared = { client, clock, requestTimeout, retryWindow };
    this.writer = new LogWriter({ ...shared, commits, binding, tracing });
    this.trimmer = new LogTrimmer({ ...shared, store, committer });
    this.reader = new LogReader(store, clock, requestTimeout);
    this.writer.register(routes);
    this.trimmer.register(routes);
  }
}
