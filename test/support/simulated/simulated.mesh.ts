import { HedgeError } from '../../../src/errors/index.js';
import {
  PeerUnreachableError,
  type Caller,
  type MessageHandler,
  type PeerCloseListener,
} from '../../../src/messaging/index.js';
import type { Timer } from '../../../src/time/index.js';
import type { VirtualClock } from '../time/virtual.clock.js';

/** ms a message takes; `undefined`: it is lost. */
export type MessageFate = (from?: string, to?: string) => number | undefined;

interface Node {
  readonly id: string;
  readonly instanceId: string;
  readonly clock: VirtualClock;
  readonly handlers: Map<string, MessageHandler>;
  readonly closeListeners: Set<PeerCloseListener>;
}

/** What stands in for connections between members: requests that are delayed or lost, and news of crashes. */
export class SimulatedMesh {
  /** By address: who answers there now. */
  readonly #nodes = new Map<string, Node>();
  /** Requests by route. */
  readonly counted = new Map<string, number>();

  /** Told of each answer. */
  spied: (route: string, answer: unknown) => void = () => undefined;

  constructor(private readonly fate: MessageFate) {}

  join(member: { id: string; instanceId?: string; clock: VirtualClock }): {
    server: object;
    peers: object;
  } {
    const { id, instanceId = id, clock } = member;
    const handlers: Node['handlers'] = new Map();
    const node: Node = { id, instanceId, clock, handlers, closeListeners: new Set() };
    this.#nodes.set(id, node);
    return {
      server: {
        handle: (route: string, handler: MessageHandler) => node.handlers.set(route, handler),
      },
      peers: {
        request: (to: string, route: string, data: unknown, options: { timeout: number }) =>
          this.#request(node, to, route, data, options.timeout),
        onClose: (listener: PeerCloseListener) => node.closeListeners.add(listener),
      },
    };
  }

  /** Its connections close, and the others notice. */
  crashed(id: string): void {
    this.#nodes.delete(id);
    this.dropped(id);
  }

  /** Its connections close, and it goes on. */
  dropped(id: string): void {
    for (const { clock, closeListeners } of this.#nodes.values()) {
      const delay = this.fate();
      if (delay === undefined) continue;
      clock.time.in(delay, () =>
        clock.deliver(() => {
          for (const listener of closeListeners) listener(id, 'system');
        }),
      );
    }
  }

  #request(
    from: Node,
    to: string,
    route: string,
    data: unknown,
    timeout: number,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      const fail = (error: HedgeError) => () => {
        timer?.cancel();
        reject(error);
      };
      timer = from.clock.after(timeout, fail(new HedgeError('TIMEOUT', 'lost')));
      const refuse = fail(new PeerUnreachableError(to, 'gone'));
      const { time } = from.clock;
      this.counted.set(route, (this.counted.get(route) ?? 0) + 1);
      this.#pass(time, from.id, to, () => {
        const node = this.#nodes.get(to);
        if (!node) return this.#pass(time, to, from.id, () => from.clock.deliver(refuse));
        node.clock.deliver(() => {
          const { signal } = new AbortController();
          const caller: Caller = {
            id: from.id,
            instanceId: from.instanceId,
            isSelf: false,
            route,
            signal,
          };
          let settle: () => void;
          try {
            const answer: unknown = node.handlers.get(route)?.(data, caller);
            this.spied(route, answer);
            settle = () => resolve(answer);
          } catch (error) {
            settle = () => reject(error);
          }
          this.#pass(time, to, from.id, () => {
            from.clock.deliver(() => {
              timer?.cancel();
              settle();
            });
          });
        });
      });
    });
  }

  #pass(time: VirtualClock['time'], from: string, to: string, arrive: () => void): void {
    const delay = this.fate(from, to);
    if (delay !== undefined) time.in(delay, arrive);
  }
}
