import { HedgeError } from '../errors/index.js';
import { type KnownLeader, NOT_THE_LEADER } from '../leader/index.js';
import type { MessageHeaders } from '../messaging/index.js';
import { isTokenText } from '../session/index.js';

/** Travels to the leader around the app's data. Its names are short, because each message has it. */
export interface LeaderEnvelope {
  /** data */
  readonly d: unknown;
  /** the token of the newest term that the sender knows, in decimal */
  readonly t: string;
  /** ms the sender will still wait */
  readonly w: number;
  /** headers, to trace the message */
  readonly h?: MessageHeaders | undefined;
}

/** The payload of NOT_LEADER, from a member that does not lead or closes. Nothing was done. */
interface RefusalPayload {
  readonly refused: true;
  /** The leader that it knows. */
  readonly leader?: string;
  /** The token of that leader, in decimal. */
  readonly token?: string;
}

export function isEnvelope(data: unknown): data is LeaderEnvelope {
  if (typeof data !== 'object' || data === null) return false;
  const { t, w } = data as Partial<LeaderEnvelope>;
  return isTokenText(t) && typeof w === 'number' && w >= 0;
}

export function refusalOf(id: string, leader: KnownLeader | undefined): HedgeError {
  const known = leader && { leader: leader.id, token: `${leader.token}` };
  const error: RefusalPayload = { refused: true, ...known };
  return new HedgeError('NOT_LEADER', NOT_THE_LEADER(id, leader?.id), { error });
}

/** @returns the leader that the refusal names, if it names one; undefined when the error is no refusal */
export function readRefusal(error: unknown): { leader: KnownLeader | undefined } | undefined {
  if (!(error instanceof HedgeError) || error.code !== 'NOT_LEADER') return undefined;
  const { refused, leader, token } = (error.error ?? {}) as Partial<RefusalPayload>;
  if (refused !== true) return undefined;
  const isNamed = typeof leader === 'string' && isTokenText(token);
  return { leader: isNamed ? { id: leader, token: BigInt(token) } : undefined };
}
