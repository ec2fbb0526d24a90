import { textOf } from '../errors/index.js';

export const RENEWAL_FAILED = (remaining: number, error: unknown) =>
  `This member could not renew its session. The session ends in ${Math.max(0, Math.round(remaining))} ms unless a retry succeeds. ${textOf(error)}`;
