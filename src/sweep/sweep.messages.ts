import { textOf } from '../errors/index.js';

export const SWEEP_FAILED = (error: unknown) =>
  `This member could not delete the rows of dead sessions. It tries again at the next sweep. ${textOf(error)}`;
