import { NOT_MADE_BY_NEST } from '../decorators/decorators.messages.js';
import { textOf } from '../errors/index.js';
import { LOSSES } from '../lock/index.js';
import type { LossReason } from '../session/index.js';

export const NO_LEADER = (timeout: number) =>
  `No member led the group within ${Math.round(timeout)} ms. Is any candidate running, and can it reach the store?`;

export const NOT_THE_LEADER = (id: string, leader: string | undefined) =>
  `Member ${id} does not lead${leader ? `; ${leader} does` : ' and knows of no leader'}. Nothing was done.`;

export const ELECTION_FAILED = (error: unknown) =>
  `The store does not say who leads; asking again until it does. ${textOf(error)}`;

export const ADDRESS_SHARED = (id: string) =>
  `Another process leads the group from ${id}, which is this member's own address, so it cannot be asked: what needs the leader ends with NO_LEADER here. Give each member an \`address\` of its own: that of the pod or the host, not of a Service or a load balancer.`;

export const NO_SIGTERM_LISTENER =
  'This member leads, and SIGTERM would end it without giving the lock back: the group would be without a leader for a whole lease. Call app.enableShutdownHooks() in main.ts.';

export const TERM_LOST = (reason: LossReason) =>
  `This member does not lead any more: ${LOSSES[reason]}.`;

export const LOSING_FAILED = (error: unknown) =>
  `Something failed while this member stopped leading; the lock is given back all the same. ${textOf(error)}`;

export const CALLERS_TERM_IS_OVER =
  'What calls this belongs to a term that is over, and must not go on in the next one, in which this member leads again. Nothing was done.';

export const NO_MEMBER = (decorator: string, label: string) =>
  `${NOT_MADE_BY_NEST(decorator, label)} And its app needs HedgeModule.forRoot() among the imports of its root module.`;

export const REDIRECTED = (location: string) => `This is for the leader: ask ${location}`;
