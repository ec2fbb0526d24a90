/**
 * For the specs of apps: real members with a store, a network and clocks in memory.
 *
 * @module nestjs-hedge/testing
 */
export {
  HedgeTesting,
  hedgeTesting,
  type HedgeTestingOptions,
  type JoinOptions,
  type TestMemberOptions,
} from './hedge.testing.js';
export type { TestAnswer } from './scripted.handlers.js';
export { TestMember } from './test.member.js';
