import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { MemberIdentity } from '../../../src/messaging/index.js';
import type { ReplyPacket } from '../../../src/messaging/wire/protocol.js';
import type { HedgeStore } from '../../../src/store/index.js';
import type { App } from '../apps/hedge.apps.js';
import { frame } from './messaging.members.js';

/** Connects to an app's port as anybody could. */
export async function dial(app: App): Promise<Socket> {
  const socket = connect(Number(app.hedge.id.split(':')[1]), '127.0.0.1');
  // A reset is as good an end as any.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** A greeting as a member of the same group and store would send it, with parts replaced. */
export function greetingFor(
  app: App,
  store: HedgeStore,
  parts: Record<string, unknown> = {},
): string {
  const identity = new MemberIdentity('group', 'x', () => store.identity ?? '');
  const data = {
    ...identity.protocol,
    group: identity.group,
    store: identity.store,
    instanceId: identity.instanceId,
    from: '127.0.0.1:1',
    to: app.hedge.id,
    ...parts,
  };
  return frame({ id: 0, pattern: 'hedge:hello', data });
}

/** Somebody who greets well, and then says what no member would. */
export class Stranger {
  #lastId = 0;
  #received = '';
  readonly #replies: ReplyPacket[] = [];

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#read(text));
  }

  static async at(
    app: App,
    store: HedgeStore,
    parts: Record<string, unknown> = {},
  ): Promise<Stranger> {
    const socket = await dial(app);
    const stranger = new Stranger(socket);
    socket.write(greetingFor(app, store, parts));
    const greeted = await stranger.#reply(0);
    if (greeted.err) throw new Error(greeted.err.message);
    return stranger;
  }

  ask(pattern: string, data: unknown): Promise<ReplyPacket> {
    const id = ++this.#lastId;
    this.socket.write(frame({ id, pattern, data }));
    return this.#reply(id);
  }

  leave(): void {
    this.socket.destroy();
  }

  async #reply(id: number): Promise<ReplyPacket> {
    for (;;) {
      const reply = this.#replies.find((packet) => packet.id === id);
      if (reply) return reply;
      // Rejects when the connection is closed in place of an answer.
      await once(this.socket, 'data', { signal: AbortSignal.timeout(10_000) });
    }
  }

  #read(text: string): void {
    this.#received += text;
    for (;;) {
      const at = this.#received.indexOf('#');
      const length = Number(this.#received.slice(0, at));
      if (at < 0 || this.#received.length <= at + length) return;
      this.#replies.push(JSON.parse(this.#received.slice(at + 1, at + 1 + length)));
      this.#received = this.#received.slice(at + 1 + length);
    }
  }
}
