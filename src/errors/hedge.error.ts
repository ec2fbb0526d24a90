import { HEDGE_ERROR_STATUS, type HedgeErrorCode } from './hedge-error.codes.js';

/** The optional parts of an error. */
export interface HedgeErrorOptions extends ErrorOptions {
  /** The RPC payload of the value that a handler threw. */
  error?: unknown;
}

/**
 * Every error of this library. Programs read the stable `code`. People read the `message`, which says what happened,
 * what was and was not done, and what to do. `cause` is the error behind it.
 *
 * In an HTTP handler, Nest's exception filter answers with {@link HedgeError.status}.
 *
 * @example
 * ```ts
 * async function priceOrNothing(hedge: HedgeService): Promise<string | undefined> {
 *   try {
 *     return (await hedge.get('price'))?.value;
 *   } catch (error) {
 *     if (error instanceof HedgeError && error.code === 'STORE_UNAVAILABLE') return undefined;
 *     throw error;
 *   }
 * }
 * ```
 */
export class HedgeError extends Error {
  /** `'HedgeError'`, even after a bundler renames classes. */
  override readonly name: string = 'HedgeError';
  /** The HTTP status of the code, from {@link HEDGE_ERROR_STATUS}. */
  readonly status: number;
  /** The same, for Nest's base filter. `expose` is its partner by the convention of `http-errors`. */
  readonly statusCode: number;
  /** Nest's filter may show the message to HTTP clients. Messages contain no secrets. */
  readonly expose = true;
  /** With `HANDLER_ERROR`: the RPC payload of the value that the handler threw. */
  readonly error?: unknown;

  constructor(
    /** The stable name of the error, for programs. */
    readonly code: HedgeErrorCode,
    message: string,
    options: HedgeErrorOptions = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.status = this.statusCode = HEDGE_ERROR_STATUS[code];
    if ('error' in options) this.error = options.error;
  }

  /** The fields that JSON shows. By default, JSON omits the `message` of an error. */
  toJSON(): {
    /** As {@link HedgeError.code}. */
    code: HedgeErrorCode;
    /** The text for people. */
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
