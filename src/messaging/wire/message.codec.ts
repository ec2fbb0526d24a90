import { RpcException } from '@nestjs/microservices';
import { HEDGE_ERROR_STATUS, HedgeError, type HedgeErrorCode } from '../../errors/index.js';
import { isNestedTooDeep, MAX_NESTING } from './nesting.js';
import {
  isRecord,
  type EndPacket,
  type ItemPacket,
  type RemoteFailure,
  type ReplyPacket,
  type RequestId,
  type RequestPacket,
} from './protocol.js';
import { reasonNotSerializable } from './serializable.js';
import { isMany } from './stream.source.js';
import {
  DATA_NOT_SERIALIZABLE,
  HANDLER_FAILED,
  INPUT_SOURCE_FAILED,
  INTERNAL_SERVER_ERROR,
  ITEM_NOT_SERIALIZABLE,
  ITEM_TOO_LARGE,
  MANY_FOR_ONE,
  NESTED_TOO_DEEP,
  NO_JSON,
  REPLY_NOT_SERIALIZABLE,
  REPLY_TOO_LARGE,
  REQUEST_TOO_LARGE,
} from './wire.messages.js';

/** Data that is JSON already, for a request that many members are sent. */
export class EncodedData {
  constructor(readonly json: string) {}
}

/** Characters around the data and the route of a request, those of instrumentation included. */
const REQUEST_OVERHEAD = 1_024;

/** What can travel, and what is said of what cannot. */
interface Payload {
  readonly name: string;
  readonly unfit: HedgeErrorCode;
  readonly tooLarge: HedgeErrorCode;
  readonly unfitText: (route: string, reason: string) => string;
  readonly tooLargeText: (route: string, length: number, limit: number) => string;
}

const DATA: Payload = {
  name: 'data',
  unfit: 'INVALID_ARGUMENT',
  tooLarge: 'PAYLOAD_TOO_LARGE',
  unfitText: DATA_NOT_SERIALIZABLE,
  tooLargeText: REQUEST_TOO_LARGE,
};

const ITEM: Payload = {
  ...DATA,
  name: 'item',
  unfitText: ITEM_NOT_SERIALIZABLE,
  tooLargeText: ITEM_TOO_LARGE,
};

const REPLY: Payload = {
  name: 'reply',
  unfit: 'HANDLER_ERROR',
  // Not PAYLOAD_TOO_LARGE, which says that nothing was sent: the handler has run.
  tooLarge: 'HANDLER_ERROR',
  unfitText: REPLY_NOT_SERIALIZABLE,
  tooLargeText: REPLY_TOO_LARGE,
};

/** @throws HedgeError INVALID_ARGUMENT, PAYLOAD_TOO_LARGE */
export function encodeData(route: string, data: object, limit: number): EncodedData {
  const dataLimit = limit - REQUEST_OVERHEAD - 2 * route.length;
  return new EncodedData(encode(data, data, DATA, route, dataLimit, MAX_NESTING - 1));
}

/** @throws HedgeError INVALID_ARGUMENT, PAYLOAD_TOO_LARGE */
export function encodeRequest(packet: RequestPacket, limit: number): string {
  const { pattern: route, data } = packet;
  if (!(data instanceof EncodedData)) return encode(packet, data, DATA, route, limit);
  const head = JSON.stringify({ ...packet, data: undefined });
  const json = `${head.slice(0, -1)},"data":${data.json}}`;
  assertFits(json, DATA, route, limit);
  return json;
}

/** Inside an envelope JSON would leave these out in silence, or make an empty object of them. */
export function assertInEnvelope(data: unknown): void {
  if (isMany(data)) throw new HedgeError('INVALID_ARGUMENT', MANY_FOR_ONE);
  if (typeof data !== 'function' && typeof data !== 'symbol') return;
  throw new HedgeError('INVALID_ARGUMENT', NO_JSON('data', typeof data));
}

/**
 * A value of a stream on its way to the handler.
 * @throws HedgeError INVALID_ARGUMENT, PAYLOAD_TOO_LARGE
 */
export function encodeItem(packet: ItemPacket, route: string, limit: number): string {
  return encode(packet, packet.item, ITEM, route, limit);
}

/**
 * A reply, or one of many on its way from the handler.
 * @throws HedgeError HANDLER_ERROR
 */
export function encodeResponse(packet: ReplyPacket, route: string, limit: number): string {
  return encode(packet, packet.response, REPLY, route, limit);
}

/** @param payload what of `packet` the user gave */
function encode(
  packet: object,
  payload: unknown,
  kind: Payload,
  route: string,
  limit: number,
  levels = MAX_NESTING,
): string {
  let json: string;
  try {
    if (typeof payload === 'function' || typeof payload === 'symbol') throw new TypeError();
    json = JSON.stringify(packet);
  } catch (cause) {
    if (isTooLongForString(cause)) {
      throw new HedgeError(kind.tooLarge, kind.tooLargeText(route, Infinity, limit), { cause });
    }
    const reason = reasonNotSerializable(payload, kind.name, cause);
    throw new HedgeError(kind.unfit, kind.unfitText(route, reason), { cause });
  }
  assertFits(json, kind, route, limit);
  if (isNestedTooDeep(json, packet, levels)) {
    throw new HedgeError(kind.unfit, kind.unfitText(route, NESTED_TOO_DEEP(MAX_NESTING)));
  }
  return json;
}

function assertFits({ length }: string, kind: Payload, route: string, limit: number): void {
  if (length <= limit) return;
  throw new HedgeError(kind.tooLarge, kind.tooLargeText(route, length, limit));
}

/** Never throws: a reply that cannot be sent becomes a failure the caller can read. */
export function encodeReply(request: RequestPacket, response: unknown, limit: number): string {
  const { id, pattern: route } = request;
  try {
    return encodeResponse({ id, response, isDisposed: true }, route, limit);
  } catch (error) {
    return encodeFailure(request, describeFailure(route, error).failure, limit);
  }
}

/** Never throws: what of a failure JSON cannot carry, or is too large, stays behind. */
export function encodeFailure(
  { id }: Pick<RequestPacket, 'id'>,
  err: RemoteFailure,
  limit: number,
): string {
  return encodeWithFailure({ id, isDisposed: true }, err, limit);
}

/** Never throws, likewise: the input of a stream ended, early where it `err`ed. */
export function encodeEnd(id: RequestId, err: RemoteFailure | undefined, limit: number): string {
  const packet: EndPacket = { id, end: true };
  return err ? encodeWithFailure(packet, err, limit) : JSON.stringify(packet);
}

function encodeWithFailure(
  { id, ...rest }: ReplyPacket | EndPacket,
  err: RemoteFailure,
  limit: number,
): string {
  try {
    const packet = { id, err, ...rest };
    const json = JSON.stringify(packet);
    if (json.length <= limit && !isNestedTooDeep(json, packet)) return json;
  } catch {
    // The payload is what cannot travel: code and text are strings.
  }
  const message = err.message.slice(0, 1_000);
  return JSON.stringify({ id, err: { code: err.code, message }, ...rest });
}

interface FailureDescription {
  readonly failure: RemoteFailure;
  readonly isMasked: boolean;
  /** Of what is masked, where it has one. */
  readonly stack?: string | undefined;
}

/**
 * What the caller may learn of an error; never throws. `isMasked` says that the caller learns nothing of it, as in Nest:
 * then it has to be logged here.
 */
export function describeFailure(route: string, error: unknown): FailureDescription {
  try {
    return readFailure(route, error);
  } catch {
    // Anything may be thrown, even what cannot be looked at without throwing anew.
    return { failure: { code: 'HANDLER_ERROR', message: HANDLER_FAILED(route) }, isMasked: true };
  }
}

function readFailure(route: string, error: unknown): FailureDescription {
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
    stack: isMasked ? error.stack : undefined,
  };
}

/** What the handler may learn of what went wrong where its input comes from; never throws. */
export function describeInputFailure(route: string, error: unknown): RemoteFailure {
  try {
    if (error instanceof HedgeError) return readFailure(route, error).failure;
    const reason = error instanceof Error ? error.message : '';
    return { code: 'ABORTED', message: INPUT_SOURCE_FAILED(route, reason) };
  } catch {
    return { code: 'ABORTED', message: INPUT_SOURCE_FAILED(route, '') };
  }
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
