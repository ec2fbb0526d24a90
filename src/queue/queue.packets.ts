import { EXPECTED, HedgeError } from '../errors/index.js';
import { LONGEST_TIMER } from '../time/index.js';
import type { Answer, Claim, Found } from './line.js';

/** What travels between a waiter and the leader that keeps the line. */

/** Open until it is the waiter's turn, or for {@link PATIENCE} at the most. */
export const WAIT = 'hedge:queue:wait';
export const TAKEN = 'hedge:queue:taken';
export const LEAVE = 'hedge:queue:leave';
export const FREED = 'hedge:queue:freed';

/** ms after which a request is answered in any case: a connection that died without a word shows by the silence. */
export const PATIENCE = 10_000;

/** Longer than any place's row: names have 1,000 characters at the most. */
const LONGEST_PLACE = 4_096;
const LONGEST_TICKET = 100;

export interface PlacePacket {
  readonly place: string;
}

export interface TicketPacket extends PlacePacket {
  readonly ticket: string;
}

export interface WaitPacket extends PlacePacket, Claim {}

export interface TakenPacket extends TicketPacket {
  readonly found: Found;
}

/** @throws HedgeError `INVALID_ARGUMENT`, as all of these */
export function readPlace(data: unknown): string {
  return textOf('place', (data as Partial<PlacePacket> | null)?.place, LONGEST_PLACE);
}

export function readTicket(data: unknown): TicketPacket {
  const place = readPlace(data);
  return { place, ticket: textOf('ticket', (data as TicketPacket).ticket, LONGEST_TICKET) };
}

export function readWait(data: unknown): WaitPacket {
  const { waited, found } = (data ?? {}) as Partial<WaitPacket>;
  const packet = { ...readTicket(data), waited: timeOf('waited', waited) };
  return found === undefined ? packet : { ...packet, found: foundOf(found) };
}

export function readTaken(data: unknown): TakenPacket {
  return { ...readTicket(data), found: foundOf((data as Partial<TakenPacket>).found) };
}

/** @returns undefined for what is no answer */
export function readAnswer(data: unknown): Answer | undefined {
  const { turn, mark } = (data ?? {}) as Partial<Answer>;
  if (turn !== 'take' && turn !== 'look' && turn !== 'wait') return undefined;
  return Number.isSafeInteger(mark) ? { turn, mark: mark! } : undefined;
}

function foundOf(found: unknown): Found {
  const { mark, busyFor } = (found ?? {}) as Partial<Found>;
  if (!Number.isSafeInteger(mark)) throw invalid('mark', 'a whole number', mark);
  return { mark: mark!, busyFor: timeOf('busyFor', busyFor) };
}

function textOf(field: string, value: unknown, longest: number): string {
  if (typeof value === 'string' && value !== '' && value.length <= longest) return value;
  throw invalid(field, `1 to ${longest} characters`, value);
}

function timeOf(field: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= LONGEST_TIMER) return value;
  throw invalid(field, `0 to ${LONGEST_TIMER} ms`, value);
}

function invalid(field: string, expected: string, got: unknown): HedgeError {
  return new HedgeError('INVALID_ARGUMENT', EXPECTED(field, expected, got));
}
