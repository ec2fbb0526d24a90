import { textOf } from '../errors/index.js';

export const NOT_RUNNING_YET =
  'This member has not started yet: it starts in `onApplicationBootstrap`. Call this later, or await `app.init()` or `app.listen()` first.';

export const CLOSING_TAKES_NO_LOCKS =
  'This member is shutting down, and its `drainTimeout` is over. It acquires no more locks or permits.';

export const WAITING_FOR_STORE = (description: string, error: unknown) =>
  `The store (${description}) is not available. This member tries again until it is. ${textOf(error)}`;

export const STORE_IS_BACK = (description: string) => `The store (${description}) is available.`;

export const LEAVING_FAILED = (error: unknown) =>
  `Leaving the group failed. This member closes its connections anyway, and what it still holds is free when its lease ends. ${textOf(error)}`;
