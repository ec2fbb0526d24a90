export { GroupCommit } from './group.commit.js';
export { CommitOutcomes } from './commit.outcomes.js';
export { LogReader } from './log.reader.js';
export { LogTrimmer } from './log.trimmer.js';
export { LogWriter } from './log.writer.js';
export { formatTimestamp } from './timestamp.js';
export { PutBinding } from './put.binding.js';
export { TermCommits } from './term.commits.js';
export type {
  GetOptions,
  HistoryOptions,
  LogEntry,
  LogReceipt,
  PutOptions,
  TrimOptions,
} from './log.types.js';
