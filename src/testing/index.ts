export {
  HedgeTesting,
  hedgeTesting,
  type HedgeTestingOptions,
  type JoinOptions,
  type TestMemberOptions,
} from './hedge.testing.js';
export type { TestAnswer } from './scripted.handlers.js';
export { TestMember } from './test.member.js';
