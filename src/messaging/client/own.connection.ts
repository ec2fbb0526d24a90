import { AsyncResource } from 'node:async_hooks';
// Not the global one: specs of users' apps may have put a fake in its place.
import { setImmediate } from 'node:timers';
import type { Clock } from '../../time/index.js';
import type { IncomingRequests } from '../server/incoming.requests.js';
import type { MemberIdentity } from '../wire/member.identity.js';
import type { MessageServer } from '../server/message.server.js';
import { CLOSED_BY_SELF } from './client.messages.js';
import type { PeerStream } from './outgoing.stream.js';
import { OutgoingRequests, type StreamOptions } from './outgoing.requests.js';
import type { PendingRequest, RequestOptions } from './pending.requests.js';

/** Requests of a member to itself: through JSON and the same handlers, so that what works on one member works on many. */
export class OwnConnection {
  readonly #requests: OutgoingRequests;
  readonly #server: IncomingRequests;
  /** Handlers here know no more of their caller than those of other members: not its AsyncLocalStorage either. */
  readonly #outside = new AsyncResource('HedgePeers');

  constructor(
    identity: MemberIdentity,
    server: MessageServer,
    clock: Clock,
    maxFrameLength: number,
    maxPending?: number,
  ) {
    this.#requests = new OutgoingRequests({
      peer: 'itself',
      hasRoom: true,
      maxFrameLength,
      maxPending,
      clock,
      makePacket: (pattern, data) => ({ pattern, data }),
      send: (request) => this.#send(request),
      sendFrame: (json) => void setImmediate(() => this.#deliver(json)),
      givenUp: () => undefined,
    });
    this.#server = server.accept(identity, true, {
      hasRoom: true,
      sendFrame: (json) => {
        this.#requests.receive(JSON.parse(json), json.length);
        return true;
      },
    });
  }

  request(route: string, data: unknown, options: RequestOptions): Promise<unknown> {
    return this.#requests.request(route, data, options);
  }

  stream(route: string, data: unknown, options: StreamOptions): Promise<PeerStream> {
    return this.#requests.stream(route, data, options);
  }

  close(): void {
    this.#requests.end(CLOSED_BY_SELF);
    this.#server.close();
  }

  /**
   * In a turn of its own, as every frame: whoever asks itself again and again would else keep its own timers and
   * sockets waiting, and lose its session over it.
   */
  #send(request: PendingRequest): void {
    setImmediate(() => {
      if (!this.#requests.isPending(request.id)) return;
      request.isSent = true;
      this.#deliver(request.json);
    });
  }

  #deliver(json: string): void {
    this.#outside.runInAsyncScope(() => this.#server.receive(JSON.parse(json), json.length));
  }
}
