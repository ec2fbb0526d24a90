import { shown } from '../errors/index.js';

export const NO_LEADER_ANSWERED =
  'No leader accepted the request in time. Nothing was done, so the request can be repeated.';

export const OUTCOME_UNKNOWN =
  'The connection to the leader closed before its answer, and no other leader answered in time. The request may or may not have been carried out.';

export const NO_LEADER_HANDLER = (pattern: string) =>
  `The leader has no @OnLeaderMessage() handler for ${shown(pattern)}. Nothing was done. Check that the handler's class is a provider or controller of a module in the leader's app.`;

export const NO_STREAM_HANDLER = (pattern: string) =>
  `The leader's handler for ${shown(pattern)} does not take a stream. Nothing was done. Use @OnLeaderStream() on the handler, or send plain data.`;

export const STREAM_TERM_ENDED =
  'The member that answered this stream does not lead any more, so the stream ended. Values that were already sent may have been processed. Start the stream again: the next leader answers it.';

export const OBSERVABLE_CUT_SHORT =
  "The handler's Observable was unsubscribed before it completed: its caller gave up, or the leadership term ended.";
