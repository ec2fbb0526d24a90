import { RpcException } from '@nestjs/microservices';
import { HEDGE_ERROR_STATUS, HedgeError, type HedgeErrorCode } from '../errors/index.js';
import {
  DATA_NOT_SERIALIZABLE,
  HANDLER_FAILED,
  INTERNAL_SERVER_ERROR,
  NO_JSON,
  REPLY_NOT_SERIALIZABLE,
  REPLY_TOO_LARGE,
  REQUEST_TOO_LARGE,
} from './messages.js';
import { isRecord, type RemoteFailure, type ReplyPacket, type RequestPacket } from './protocol.js';
import { reasonNotSerializable } from './serializable.js';

/** Data that is JSON already, for a request that many members are sent. */
export class EncodedData {
  constructor(readonly json: string) {}
}

/** Characters that a request has around its data and its route, instrumentation included. */
const HEADROOM = 1_024;

/** @throws HedgeError INVALID_ARGUMENT, PAYLOAD_TOO_LARGE */
export function encodeData(route: string, data: object, limit: number): EncodedData {
  return new EncodedData(stringify(data, data, route, limit - HEADROOM - 2 * route.length));
}

/** @throws HedgeError INVALID_ARGUMENT, PAYLOAD_TOO_LARGE */
export function encodeRequest(packet: RequestPacket, limit: number): string {
  const { pattern: route, data } = packet;
  if (!(data instanceof EncodedData)) return stringify(packet, data, route, limit);
  const head = JSON.stringify({ ...packet, data: undefined });
  const json = `${head.slice(0, -1)},"data":${data.json}}`;
  assertFits(json, route, limit);
  return json;
}

/** Inside an envelope JSON would leave these out in silence. */
export function assertInEnvelope(data: unknown): void {
  if (typeof data !== 'function' && typeof data !== 'symbol') return;
  throw new HedgeError('INVALID_ARGUMENT', NO_JSON('data', typeof data));
}

/** @param data what of `value` the user gave */
function stringify(value: unknown, data: unknown, route: string, limit: number): string {
  let json: string;
  try {
    if (typeof data === 'function' || typeof data === 'symbol') throw new TypeError();
    json = JSON.stringify(value);
  } catch (cause) {
    if (isTooLongForString(cause)) {
      throw new HedgeError('PAYLOAD_TOO_LARGE', REQUEST_TOO_LARGE(route, Infinity, limit), {
        cause,
      });
    }
    const reason = reasonNotSerializable(data, 'data', cause);
    throw new HedgeError('INVALID_ARGUMENT', DATA_NOT_SERIALIZABLE(route, reason), { cause });
  }
  assertFits(json, route, limit);
  return json;
}

function assertFits({ length }: string, route: string, limit: number): void {
  if (length <= limit) return;
  throw new HedgeError('PAYLOAD_TOO_LARGE', REQUEST_TOO_LARGE(route, length, limit));
}

/** Never throws: a reply that cannot be sent becomes a failure the caller can read. */
export function encodeReply(request: RequestPacket, response: unknown, limit: number): string {
  const { id, pattern: route } = request;
  const isCallable = typeof response === 'function' || typeof response === 'symbol';
  const packet: ReplyPacket = { id, response, isDisposed: true };
  let json: string;
  try {
    if (isCallable) throw new TypeError();
    json = JSON.stringify(packet);
  } catch (cause) {
    if (isTooLongForString(cause)) return replyTooLarge(request, Infinity, limit);
    const reason = reasonNotSerializable(response, 'reply', cause);
    return encodeFailure(
      request,
      { code: 'HANDLER_ERROR', message: REPLY_NOT_SERIALIZABLE(route, reason) },
      limit,
    );
  }
  return json.length > limit ? replyTooLarge(request, json.length, limit) : json;
}

/** Never throws: what of a failure JSON cannot carry, or is too large, stays behind. */
export function encodeFailure(request: RequestPacket, err: RemoteFailure, limit: number): string {
  const { id } = request;
  try {
    const json = JSON.stringify({ id, err, isDisposed: true } satisfies ReplyPacket);
    if (json.length <= limit) return json;
  } catch {
    // The payload is what cannot travel: code and text are strings.
  }
  const message = err.message.slice(0, 1_000);
  return JSON.stringify({ id, err: { code: err.code, message }, isDisposed: true });
}

function replyTooLarge(request: RequestPacket, length: number, limit: number): string {
  return encodeFailure(
    request,
    // Not PAYLOAD_TOO_LARGE, which says that nothing was sent: the handler has run.
    { code: 'HANDLER_ERROR', message: REPLY_TOO_LARGE(request.pattern, length, limit) },
    limit,
  );
}

/**
 * What the caller may learn of an error. `isMasked` says that the caller learns nothing of it, as in Nest:
 * then it has to be logged here.
 */
export function describeFailure(
  route: string,
  error: unknown,
): { failure: RemoteFailure; isMasked: boolean } {
  if (error instanceof HedgeError) {
    const { code, message, error: payload } = error;
    return { failure: { code, message, error: payload }, isMasked: false };
  }
  const isMasked = error instanceof Error && !(error instanceof RpcException);
  let payload: unknown = error instanceof RpcException ? error.getError() : error;
  if (isMasked) payload = { status: 'error', message: INTERNAL_SERVER_ERROR };
  return {
    failure: { code: 'HANDLER_ERROR', message: messageOf(payload, route), error: payload },
    isMasked,
  };
}

/** The error of the other side, as it is thrown at this one. */
export function rebuildError(failure: unknown, route: string): HedgeError {
  const { code, message, error } = isRecord(failure) ? failure : {};
  return new HedgeError(
    isErrorCode(code) ? code : 'HANDLER_ERROR',
    typeof message === 'string' ? message : HANDLER_FAILED(route),
    error === undefined ? {} : { error },
  );
}

function isErrorCode(code: unknown): code is HedgeErrorCode {
  return typeof code === 'string' && Object.hasOwn(HEDGE_ERROR_STATUS, code);
}

function messageOf(payload: unknown, route: string): string {
  if (typeof payload === 'string') return payload;
  return isRecord(payload) && typeof payload.message === 'string'
    ? payload.message
    : HANDLER_FAILED(route);
}

/** V8 cannot make the string: half a gigabyte is beyond any limit of ours. */
function isTooLongForString(cause: unknown): boolean {
  return cause instanceof RangeError && cause.message === 'Invalid string length';
}
