import { textOf } from '../errors/index.js';

export const RENEWAL_FAILED = (remaining: number, error: unknown) =>
  `The session could not be renewed; it ends in ${Math.max(0, Math.round(remaining))} ms unless a retry succeeds. ${textOf(error)}`;
