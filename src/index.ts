/**
 * The module, its services and its decorators: what every app imports.
 *
 * @module nestjs-hedge
 */
export { OnBroadcast, type BroadcastOptions, type BroadcastReply } from './broadcast/index.js';
export {
  HEDGE_ERROR_STATUS,
  HedgeError,
  StoreError,
  type HedgeErrorCode,
  type HedgeErrorOptions,
  type StoreFailure,
} from './errors/index.js';
export type {
  AcquireReport,
  HedgeChannelName,
  HedgeReport,
  HedgeReports,
  MessageReport,
  ReportingMember,
  TimedReport,
} from './hedge.channels.js';
export { HEDGE_OPTIONS, type HedgeOptionsFactory } from './hedge.module-definition.js';
export { HedgeContext, type Pattern } from './handlers/index.js';
export { HedgeModule } from './hedge.module.js';
export type { HedgeModuleOptions } from './hedge.options.js';
export { HedgeService } from './hedge.service.js';
export {
  LeaderGuard,
  LeaderOnly,
  OnLeadershipGained,
  OnLeadershipLost,
  type HedgeEvent,
  type InterruptedRun,
  type LeaderOnlyOptions,
  type Leadership,
} from './leader/index.js';
export { Holding, Lock, LockService, WithLock, type WithLockOptions } from './lock/index.js';
export type {
  GetOptions,
  HistoryOptions,
  LogEntry,
  LogReceipt,
  PutOptions,
  TrimOptions,
} from './log/index.js';
export { HedgeStream, type HedgeTlsOptions } from './messaging/index.js';
export {
  OnMembersChanged,
  type Member,
  type MemberMetadata,
  type MembersChange,
} from './membership/index.js';
export { OnLeaderMessage, OnLeaderStream, type SendOptions } from './request/index.js';
export { Permit, Semaphore } from './semaphore/index.js';
export type { LossReason } from './session/index.js';
export type {
  Decision,
  EntryQuery,
  EntryRef,
  HedgeStore,
  KeyRange,
  LockRow,
  Mutation,
  Outcome,
  OutcomeQuery,
  RowQuery,
  StoreCall,
  StoredEntry,
  TransactionResult,
} from './store/index.js';
export type { WaitOptions } from './time/index.js';
