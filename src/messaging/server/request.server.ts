import type { RequestPacket } from '../wire/protocol.js';
import type { Caller } from './caller.js';

/**
 * Answers the requests of one route. The last value of an Observable or an async iterable is the reply; a caller that takes
 * many values gets each. Errors reach the caller: a `HedgeError` as it is, an RPC payload as HANDLER_ERROR, any other
 * `Error` masked and logged.
 */
export type MessageHandler = (data: unknown, caller: Caller) => unknown;

/** Answers the requests of all connections. */
export interface RequestServer {
  readonly id: string;
  /** How many requests of one connection are answered at the same time. */
  readonly maxPending: number;
  handlerOf(route: string): MessageHandler | undefined;
  /** Encodes an error for its caller, and logs an error that is masked. */
  failureOf(packet: RequestPacket, error: unknown): string;
}
