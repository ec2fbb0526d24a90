import { AsyncResource } from 'node:async_hooks';
// Not the global one: specs of users' apps may replace it with a fake.
import { setImmediate } from 'node:timers';
import type { Clock } from '../../time/index.js';
import type { IncomingRequests } from '../server/incoming.requests.js';
import type { MessageServer } from '../server/message.server.js';
import type { FrameSink } from '../wire/frame.sink.js';
import type { MemberIdentity } from '../wire/member.identity.js';
import { isRequestPacket } from '../wire/protocol.js';
import { CLOSED_BY_SELF } from './client.messages.js';
import { OutgoingRequests, type StreamOptions } from './outgoing.requests.js';
import type { PeerStream } from './outgoing.stream.js';
import type { RequestOptions } from './pending.requests.js';

export interface OwnConnectionParts {
  readonly identity: MemberIdentity;
  readonly server: MessageServer;
  readonly clock: Clock;
  readonly maxFrameLength: number;
  readonly maxPending?: number;
}

/**
 * The requests of a member to itself. They are encoded, numbered and answered like requests to other members
 * (SELF-LIKE-OTHERS): an app that works with one member works with many.
 */
export class OwnConnection {
  readonly #requests: OutgoingRequests;
  readonly #server: IncomingRequests;
  /** Handlers run in it, outside the asynchronous context of their caller, as on any other member. */
  readonly #outside = new AsyncResource('HedgePeers');

  constructor({ identity, server, clock, maxFrameLength, maxPending }: OwnConnectionParts) {
    const sink = this.#sinkToServer(maxFrameLength);
    this.#requests = new OutgoingRequests({ peer: 'itself', sink, clock, maxPending });
    this.#server = server.accept(identity, true, this.#sinkToCaller(server.maxFrameLength));
  }

  request(route: string, data: unknown, options: RequestOptions): Promise<unknown> {
    return this.#requests.request({ pattern: route, data }, options);
  }

  stream(route: string, data: unknown, options: StreamOptions): Promise<PeerStream> {
    return this.#requests.stream({ pattern: route, data }, options);
  }

  close(): void {
    this.#requests.end(CLOSED_BY_SELF);
    this.#server.close();
  }

  /**
   * Each frame leaves in a tick of its own: a member that asks itself again and again would otherwise keep its timers
   * and sockets waiting, and lose its session.
   */
  #sinkToServer(maxFrameLength: number): FrameSink {
    const sendFrame = (json: string) => {
      setImmediate(() => this.#deliver(json));
      return false;
    };
    return { maxFrameLength, waitingBytes: 0, sendFrame };
  }

  #sinkToCaller(maxFrameLength: number): FrameSink {
    const sendFrame = (json: string) => {
      this.#requests.receive(JSON.parse(json), json.length);
      return true;
    };
    return { maxFrameLength, waitingBytes: 0, sendFrame };
  }

  #deliver(json: string): void {
    const packet: object = JSON.parse(json);
    if (isRequestPacket(packet) && !this.#requests.markSent(packet.id)) return;
    this.#outside.runInAsyncScope(() => this.#server.receive(packet, json.length));
  }
}
