import { HedgeError } from '../../../src/errors/index.js';
import { LeaderView, type Election } from '../../../src/leader/index.js';
import { namedLock, type Term } from '../../../src/lock/index.js';
import {
  PeerLostError,
  PeerUnreachableError,
  type MessageHandler,
  type MessageServer,
  type PeerRequestOptions,
  type Peers,
} from '../../../src/messaging/index.js';
import { RunningHandlers } from '../../../src/handlers/index.js';
import { QueueLine, QueueRoutes } from '../../../src/queue/index.js';
import { LeaderClient, LeaderRoutes } from '../../../src/request/index.js';
import { VirtualClock, type VirtualTime } from '../time/virtual.clock.js';

export const QUEUE_LEASE = 10_000;

export const RESOURCE = namedLock('g', 'x');

interface OpenRequest {
  readonly to: string;
  fail(error: HedgeError): void;
}

/** Members that join lines and keep them, over connections that take no time; what they send can be cut off. */
export class QueueGroup {
  readonly byId = new Map<string, QueueMember>();
  /** Requests that were sent, by route. */
  readonly sent = new Map<string, number>();
  /** Requests on these routes get lost. */
  readonly lost = new Set<string>();
  readonly #open = new Set<OpenRequest>();

  constructor(readonly time: VirtualTime) {}

  make(...ids: string[]): QueueMember[] {
    return ids.map((id) => {
      const member = new QueueMember(id, this);
      this.byId.set(id, member);
      return member;
    });
  }

  /** All hear that this one leads. */
  elect(leader: QueueMember, token: bigint): void {
    leader.lead(token);
    for (const { view } of this.byId.values()) view.observe({ id: leader.id, token }, QUEUE_LEASE);
  }

  /** kill -9: its connections close. */
  kill(member: QueueMember): void {
    member.clock.kill();
    this.byId.delete(member.id);
    this.cut(member);
  }

  /** Its connections close. */
  cut({ id }: QueueMember): void {
    for (const request of this.#open) {
      if (request.to === id) request.fail(new PeerLostError(id, 'route'));
    }
  }

  request(
    from: QueueMember,
    to: string,
    route: string,
    data: unknown,
    { timeout, signal }: PeerRequestOptions,
  ): Promise<unknown> {
    this.sent.set(route, (this.sent.get(route) ?? 0) + 1);
    return new Promise((resolve, reject) => {
      const gone = new AbortController();
      const settle = (act: () => void) => {
        timer.cancel();
        this.#open.delete(request);
        from.clock.deliver(act);
      };
      const fail = (error: unknown) => settle(() => reject(error));
      const giveUp = (error: HedgeError) => {
        fail(error);
        gone.abort(error);
      };
      const timer = from.clock.after(timeout, () => giveUp(new HedgeError('TIMEOUT', 'late')));
      const request: OpenRequest = { to, fail: giveUp };
      this.#open.add(request);
      signal?.addEventListener('abort', () =>
        giveUp(new HedgeError('ABORTED', 'given up', { cause: signal.reason })),
      );
      if (this.lost.has(route)) return;
      const peer = this.byId.get(to);
      if (!peer) return fail(new PeerUnreachableError(to, 'nobody listens'));
      peer.clock.deliver(() => {
        const { id } = from;
        const caller = { id, instanceId: id, isSelf: from === peer, route, signal: gone.signal };
        try {
          const sent: unknown = JSON.parse(JSON.stringify(data));
          const answer = peer.handlers.get(route)!(sent, caller);
          Promise.resolve(answer).then((value) => settle(() => resolve(value)), fail);
        } catch (error) {
          fail(error);
        }
      });
    });
  }
}

export class QueueMember {
  readonly clock: VirtualClock;
  readonly view: LeaderView;
  readonly handlers = new Map<string, MessageHandler>();
  readonly running: RunningHandlers;
  readonly client: LeaderClient;
  readonly line: QueueLine;
  readonly #routes: QueueRoutes;
  readonly #election: { term: Term | undefined; superseded(): void; lookNow(): void };
  #over = new AbortController();

  constructor(
    readonly id: string,
    members: QueueGroup,
  ) {
    const clock = (this.clock = new VirtualClock(members.time));
    this.view = new LeaderView(clock);
    this.running = new RunningHandlers(clock);
    this.#election = { term: undefined, superseded: () => undefined, lookNow: () => undefined };
    const election = this.#election as unknown as Election;
    const peers: Pick<Peers, 'request'> = {
      request: (to, route, data, options) => members.request(this, to, route, data, options),
    };
    const server: Pick<MessageServer, 'handle'> = {
      handle: (route, handler) => void this.handlers.set(route, handler),
    };
    this.client = new LeaderClient(peers as Peers, this.view, election, clock);
    const routes = new LeaderRoutes({
      server: server as MessageServer,
      election,
      view: this.view,
      running: this.running,
      self: () => id,
    });
    this.#routes = new QueueRoutes(routes, clock, QUEUE_LEASE);
    this.#routes.register();
    this.line = new QueueLine(this.client, this.view, clock);
  }

  lead(token: bigint): void {
    const { signal } = (this.#over = new AbortController());
    const term = { token, signal, isHeld: () => !signal.aborted } as Term;
    this.#election.term = term;
    this.#routes.began(term);
  }

  /** It knows that it does not lead any more. */
  async stopLeading(token: bigint): Promise<void> {
    this.#election.term = undefined;
    this.view.forget(token);
    this.#over.abort();
    await this.#routes.ended();
  }
}
