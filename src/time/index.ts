export { Backoff } from './backoff.js';
export {
  LONGEST_TIMER,
  settledWithin,
  sleep,
  SystemClock,
  type Clock,
  type Instant,
  type Timer,
} from './clock.js';
export { TimeLimit } from './time.limit.js';
export { waitFor, waitLimits, type WaitLimits, type WaitOptions } from './wait.js';
