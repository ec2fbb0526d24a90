import { NOT_MADE_BY_NEST } from '../decorators/decorators.messages.js';
import { textOf } from '../errors/index.js';
import { LOSSES } from '../lock/index.js';
import type { LossReason } from '../session/index.js';

export const NO_LEADER = (timeout: number) =>
  `This member found no leader within ${Math.round(timeout)} ms. Nothing was done. Check that a candidate is running and can reach the store.`;

export const NOT_THE_LEADER = (id: string, leader: string | undefined) =>
  `Member ${id} is not the leader${leader ? `. The leader is ${leader}` : ', and knows no leader'}. Nothing was done.`;

export const ELECTION_FAILED = (error: unknown) =>
  `This member cannot learn from the store which member leads. It asks again until the store answers. ${textOf(error)}`;

export const ADDRESS_SHARED = (id: string) =>
  `Another process leads the group under the address ${id}, which is also the address of this member. This member cannot reach that leader, so calls to the leader fail with NO_LEADER here. Give each member its own \`address\`: the address of the pod or host, not of a Service or load balancer.`;

export const NO_SIGTERM_LISTENER =
  'This member leads, but the app does not listen to SIGTERM. A SIGTERM would end the process before it releases the leadership, and the group would have no leader for a whole lease. Call app.enableShutdownHooks() in main.ts.';

export const TERM_LOST = (reason: LossReason) =>
  `This member does not lead any more: ${LOSSES[reason]}.`;

export const LOSING_FAILED = (error: unknown) =>
  `An error occurred while this member stopped leading. It releases the leadership anyway. ${textOf(error)}`;

export const CALLERS_TERM_IS_OVER =
  'The leadership term this call started in has ended, and the call was not continued in the new term. Nothing was done.';

export const NO_MEMBER = (decorator: string, label: string) =>
  `${NOT_MADE_BY_NEST(decorator, label)} The app also needs HedgeModule.forRoot() in the imports of its root module.`;

export const REDIRECTED = (location: string) =>
  `Only the leader handles this request. Send it to ${location}`;
