export { HedgeMember } from './member.js';
export type { MemberBase } from './member.base.js';
export { EXTENSION, HedgeExtensions, type HedgeExtension } from './member.extensions.js';
export { MemberHealth, type MemberStanding } from './member.health.js';
export { HedgeLifecycle } from './member.lifecycle.js';
