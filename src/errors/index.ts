export { hasCode, HedgeError, type HedgeErrorOptions } from './hedge.error.js';
export { HEDGE_ERROR_STATUS, type HedgeErrorCode } from './hedge-error.codes.js';
export { isPassing, StoreError, type StoreFailure } from './store.error.js';
export {
  ABORTED,
  EXPECTED,
  INVALID_NAME,
  NOT_RUNNING_ANY_MORE,
  TIMED_OUT,
} from './errors.messages.js';
export { shown, textOf } from './value.text.js';
