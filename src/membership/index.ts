export { MEMBERS_CHANGED, OnMembersChanged } from './on-members-changed.decorator.js';
export type { ListChange, MemberInfo, MemberMetadata } from './member.info.js';
export { MemberList } from './member.list.js';
export type { Member, MembersChange } from './member.types.js';
export { Membership, type LeaderTracker, type MembershipParts } from './membership.js';
export type { SelfDescription } from './membership.protocol.js';
