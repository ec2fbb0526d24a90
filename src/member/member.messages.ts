import { textOf } from '../errors/index.js';

export const NOT_RUNNING_YET =
  'The member has not started: it does so in onApplicationBootstrap. Call this later, or await `app.init()` or `app.listen()` first.';

export const CLOSING_TAKES_NO_LOCKS =
  'The member shuts down, and what it waits for has had `drainTimeout`: no more locks or permits are taken.';

export const WAITING_FOR_STORE = (description: string, error: unknown) =>
  `The store (${description}) is not available; trying again until it is. ${textOf(error)}`;

export const STORE_IS_BACK = (description: string) => `The store (${description}) is available.`;

export const LEAVING_FAILED = (error: unknown) =>
  `Something failed while this member gave back what it held; its connections are closed all the same. ${textOf(error)}`;
