export { hasCode, HedgeError, type HedgeErrorOptions } from './hedge.error.js';
export { HEDGE_ERROR_STATUS, type HedgeErrorCode } from './hedge-error.codes.js';
export { isPassing, StoreError, type StoreFailure } from './store.error.js';
