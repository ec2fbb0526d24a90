import { EXPECTED, HedgeError } from '../errors/index.js';
import { LONGEST_TIMER } from '../time/index.js';
import type { Answer, Finding, TurnRequest } from './line.js';

/**
 * What a waiter and the leader send each other. Members of other versions read the packets, so the names of their
 * fields stay: `place` is the row of the resource, `mark` the release count of its line.
 */

/** Asks for a turn. Stays open until the waiter has it, but no longer than {@link OPEN_REQUEST_LIMIT}. */
export const WAIT = 'hedge:queue:wait';
export const TAKEN = 'hedge:queue:taken';
export const LEAVE = 'hedge:queue:leave';
export const FREED = 'hedge:queue:freed';

/** ms. The leader answers earlier than this in any case: a waiter learns by the silence that its connection is dead. */
export const OPEN_REQUEST_LIMIT = 10_000;

/** Longer than the row of any resource: a name has at most 1,000 characters. */
const LONGEST_ROW = 4_096;
const LONGEST_TICKET = 100;

export interface ResourcePacket {
  readonly place: string;
}

export interface TicketPacket extends ResourcePacket {
  readonly ticket: string;
}

export interface WaitPacket extends TicketPacket {
  readonly waited: number;
  readonly found?: FindingPacket;
}

export interface TakenPacket extends TicketPacket {
  readonly found: FindingPacket;
}

interface FindingPacket {
  readonly mark: number;
  readonly busyFor: number;
}

export interface AnswerPacket {
  readonly turn: Answer['turn'];
  readonly mark: number;
}

/** What a packet says, once it is read and checked. */
interface OfResource {
  /** The resource's row. */
  readonly resource: string;
}

interface OfWaiter extends OfResource {
  readonly ticket: string;
}

export function findingPacket({ releaseCount, busyFor }: Finding): FindingPacket {
  return { mark: releaseCount, busyFor };
}

export function answerPacket({ turn, releaseCount }: Answer): AnswerPacket {
  return { turn, mark: releaseCount };
}

/** @throws HedgeError `INVALID_ARGUMENT`, as the readers below */
export function readResource(data: unknown): OfResource {
  const { place } = (data ?? {}) as Partial<ResourcePacket>;
  return { resource: textOf('place', place, LONGEST_ROW) };
}

export function readWaiter(data: unknown): OfWaiter {
  const { resource } = readResource(data);
  return { resource, ticket: textOf('ticket', (data as TicketPacket).ticket, LONGEST_TICKET) };
}

export function readWait(data: unknown): OfResource & TurnRequest {
  const { waited, found } = (data ?? {}) as Partial<WaitPacket>;
  const request = { ...readWaiter(data), waited: timeOf('waited', waited) };
  return found === undefined ? request : { ...request, finding: findingOf(found) };
}

export function readTaken(data: unknown): OfWaiter & { readonly finding: Finding } {
  return { ...readWaiter(data), finding: findingOf((data as Partial<TakenPacket>).found) };
}

/** @returns undefined if the data is no answer */
export function readAnswer(data: unknown): Answer | undefined {
  const { turn, mark } = (data ?? {}) as Partial<AnswerPacket>;
  if (turn !== 'take' && turn !== 'look' && turn !== 'wait') return undefined;
  return Number.isSafeInteger(mark) ? { turn, releaseCount: mark! } : undefined;
}

function findingOf(found: unknown): Finding {
  const { mark, busyFor } = (found ?? {}) as Partial<FindingPacket>;
  if (!Number.isSafeInteger(mark)) throw invalid('mark', 'a whole number', mark);
  return { releaseCount: mark!, busyFor: timeOf('busyFor', busyFor) };
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
