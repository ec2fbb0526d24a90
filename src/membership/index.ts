export { MEMBERS_CHANGED, OnMembersChanged } from './on-members-changed.decorator.js';
export { type SelfDescription } from './heartbeat.js';
export { type Member, type MemberInfo, type MemberMetadata, type MembersChange } from './member.js';
export { MemberList } from './member.list.js';
export { Membership, type MembershipOptions, type MembershipPorts } from './membership.js';
