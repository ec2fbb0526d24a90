import { PeerLostError, PeerUnreachableError, type Peers } from '../messaging/index.js';
import { sleep, type Clock } from '../time/index.js';
import { isListUpdate, type ListUpdate } from './list.update.js';

export const PROBE = 'hedge:probe';

/** ms */
const PROBE_TIMEOUT = 700;
/** Attempts on an address that refuses: a listener that is overloaded for a moment refuses, too. */
const PROBE_ATTEMPTS = 3;
/** ms */
const PAUSE_BETWEEN_ATTEMPTS = 100;

/** A member's answer to a probe. */
export interface ProbeAnswer {
  readonly instanceId: string;
  /** Its list, if it was asked for it and hears the list keeper. */
  readonly members?: ListUpdate;
}

/**
 * `alive`: that process answered. `gone`: nothing listens at its address, or another process does. `unknown`: silence,
 * as of a paused process or a network that drops everything.
 */
export type Verdict = 'alive' | 'gone' | 'unknown';

/** Asks members for a sign of life. */
export class MemberProber {
  constructor(
    private readonly peers: Peers,
    private readonly clock: Clock,
  ) {}

  async probe(id: string, instanceId: string, stop: AbortSignal): Promise<Verdict> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.ask(id, false);
        return answer?.instanceId === instanceId ? 'alive' : 'gone';
      } catch (error) {
        const isRefused = error instanceof PeerUnreachableError || error instanceof PeerLostError;
        if (!isRefused) return 'unknown';
        if (attempt === PROBE_ATTEMPTS) return 'gone';
      }
      await sleep(this.clock, PAUSE_BETWEEN_ATTEMPTS, stop);
      if (stop.aborted) return 'unknown';
    }
  }

  /** @throws HedgeError when there is no answer */
  async ask(id: string, wantsList: boolean): Promise<ProbeAnswer | undefined> {
    const data = { list: wantsList };
    const answer = await this.peers.request(id, PROBE, data, {
      timeout: PROBE_TIMEOUT,
      channel: 'system',
    });
    return isProbeAnswer(answer) ? answer : undefined;
  }
}

function isProbeAnswer(value: unknown): value is ProbeAnswer {
  if (typeof value !== 'object' || value === null) return false;
  const { instanceId, members } = value as Partial<ProbeAnswer>;
  return typeof instanceId === 'string' && (members === undefined || isListUpdate(members));
}
