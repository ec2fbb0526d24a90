import { HEDGE_ERROR_STATUS, type HedgeErrorCode } from './hedge-error.codes.js';

/** What an error may carry. */
export interface HedgeErrorOptions extends ErrorOptions {
  /** What a leader handler threw, as the RPC payload its caller receives. */
  error?: unknown;
}

/**
 * Every error this library throws. `code` is stable and meant for programs, `message` says what to do and is
 * meant for people, `cause` is what was behind it.
 *
 * Thrown from an HTTP handler it becomes a response with {@link HedgeError.status} through Nest's own
 * exception filter.
 */
export class HedgeError extends Error {
  /** `'HedgeError'`, also where classes are renamed by a bundler. */
  override readonly name: string = 'HedgeError';
  /** The HTTP status of its code, as {@link HEDGE_ERROR_STATUS} has it. */
  readonly status: number;
  /** Nest's base filter looks for `statusCode`; `http-errors`' convention is `expose`. */
  readonly statusCode: number;
  /** Nest's filter may show the text to HTTP clients: it tells no secrets. */
  readonly expose = true;
  /** With `HANDLER_ERROR`: the RPC payload of what the handler threw. */
  readonly error?: unknown;

  constructor(
    /** What went wrong, for programs: stable. */
    readonly code: HedgeErrorCode,
    message: string,
    options: HedgeErrorOptions = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.status = this.statusCode = HEDGE_ERROR_STATUS[code];
    if ('error' in options) this.error = options.error;
  }

  /** What others may see of it: JSON leaves out the `message` of an error otherwise. */
  toJSON(): {
    /** As {@link HedgeError.code}. */
    code: HedgeErrorCode;
    /** What to do, for people. */
    message: string;
    /** As {@link HedgeError.error}. */
    error?: unknown;
  } {
    const { code, message, error } = this;
    return { code, message, error };
  }
}

export function hasCode(error: unknown, code: HedgeErrorCode): error is HedgeError {
  return error instanceof HedgeError && error.code === code;
}
