export { HedgeMember } from './hedge.member.js';
export type { MemberBase } from './member.base.js';
export { EXTENSION, MemberExtensions, type MemberExtension } from './member.extensions.js';
export { MemberHealth, type MemberStanding } from './member.health.js';
export { MemberLifecycle } from './member.lifecycle.js';
