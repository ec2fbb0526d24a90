import { shown } from '../errors/index.js';

export const NO_LEADER_ANSWERED =
  'No leader took the request in time. Nothing was done: it may be repeated.';

export const OUTCOME_UNKNOWN =
  'The connection was lost before the leader answered, and no other leader did in time: whether the request was carried out is unknown.';

export const NO_LEADER_HANDLER = (pattern: string) =>
  `The leader has no @OnLeaderMessage() for ${shown(pattern)}. Is the class that has it a provider or a controller of a module there?`;

export const NO_STREAM_HANDLER = (pattern: string) =>
  `The leader's handler of ${shown(pattern)} takes no stream: use @OnLeaderStream() for it, or send plain data.`;

export const STREAM_TERM_ENDED =
  'The term ended in which the leader answered the stream. What was sent before may have been carried out; begin it anew with the next leader.';

export const OBSERVABLE_CUT_SHORT =
  'The Observable of the handler had not completed when its caller gave up or its term ended: it was unsubscribed.';
