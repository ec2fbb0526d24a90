import { textOf } from '../errors/index.js';

export const SWEEP_FAILED = (error: unknown) =>
  `Rows of dead sessions could not be swept away this time. ${textOf(error)}`;
