import { PeerLostError, PeerUnreachableError, type Peers } from '../messaging/index.js';
import { sleep, type Clock } from '../time/index.js';
import { isListUpdate, type ListUpdate } from './list.update.js';

export const PROBE = 'hedge:probe';

/** ms */
const TIMEOUT = 700;
const ATTEMPTS = 3;
/** ms between two attempts: a listener that is overrun for a moment refuses, too. */
const PAUSE = 100;

/** What a member answers to a probe. */
export interface ProbeAnswer {
  readonly instanceId: string;
  /** The list it has from a leader that it hears; only when it was asked for that. */
  readonly members?: ListUpdate;
}

/**
 * `alive`: that very process answered. `gone`: nobody answers there, or another process does. `unknown`: silence, as of
 * a process that is paused, or of a network that swallows everything.
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
        if (attempt === ATTEMPTS) return 'gone';
      }
      await sleep(this.clock, PAUSE, stop);
      if (stop.aborted) return 'unknown';
    }
  }

  /** @throws HedgeError when there is no answer. */
  async ask(id: string, wantsList: boolean): Promise<ProbeAnswer | undefined> {
    const data = { list: wantsList };
    const answer = await this.peers.request(id, PROBE, data, {
      timeout: TIMEOUT,
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
