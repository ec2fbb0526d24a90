import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import {
  MemberIdentity,
  MessageServer,
  Peers,
  securePort,
  type HedgeTlsOptions,
  type MessageServerOptions,
  type PeersOptions,
} from '../../../src/messaging/index.js';

export const HOST = '127.0.0.1';

export interface MessagingMember {
  identity: MemberIdentity;
  id: string;
  port: number;
  server: MessageServer;
  peers: Peers;
  close(): Promise<void>;
}

interface MessagingMemberOptions {
  group?: string;
  store?: string;
  port?: number;
  secret?: string | string[];
  tls?: HedgeTlsOptions;
  protocol?: { version: number; minVersion: number };
  server?: MessageServerOptions;
  peers?: PeersOptions;
}

/** The messaging room of one member, listening, with a few handlers the tests share. */
export async function startMessaging(
  options: MessagingMemberOptions = {},
): Promise<MessagingMember> {
  const identity = new MemberIdentity(
    options.group ?? 'orders',
    undefined,
    () => options.store ?? 'production',
    options.protocol,
  );
  const secrets = [options.secret ?? []].flat();
  const security = await securePort({ secrets, tls: options.tls }, identity.group);
  const server = new MessageServer(identity, { tlsOptions: security?.server, ...options.server });
  const peers = new Peers(identity, server, { tlsOptions: security?.client, ...options.peers });
  server.handle('echo', (data) => data);
  server.handle('never', () => new Promise(() => undefined));
  const { port } = await server.listen({ port: options.port ?? 0, host: HOST });
  identity.id = `${HOST}:${port}`;
  const close = async () => {
    peers.close();
    await server.close();
  };
  return { identity, id: identity.id, port, server, peers, close };
}

/** A TCP server that is no member: what it does with its connections is up to the test. */
export async function startPlainServer(
  onConnection: (socket: Socket) => void = () => undefined,
): Promise<{ id: string; sockets: Set<Socket>; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const close = async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    if (server.listening) await once(server, 'close');
  };
  return { id: `${HOST}:${port}`, sockets, close };
}

export function frame(packet: unknown): string {
  const json = JSON.stringify(packet);
  return `${json.length}#${json}`;
}

/** What a request rejects with. */
export function rejection(request: Promise<unknown>): Promise<unknown> {
  return request.then(
    (reply) => {
      throw new Error(`Expected a rejection, got ${JSON.stringify(reply)}`);
    },
    (reason: unknown) => reason,
  );
}

/** A greeting that the member would accept, with parts replaced. */
export function helloTo(member: MessagingMember, parts: Record<string, unknown> = {}): string {
  const data = {
    version: 1,
    minVersion: 1,
    group: member.identity.group,
    store: member.identity.store,
    instanceId: 'raw',
    from: `${HOST}:1`,
    to: member.id,
    ...parts,
  };
  return frame({ id: 0, pattern: 'hedge:hello', data });
}

/** Writes to a member as anyone could, and resolves with all it answered once it closed the connection. */
export async function talkRaw(member: MessagingMember, ...texts: string[]): Promise<string> {
  const socket = await connectRaw(member);
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString()));
  for (const text of texts) socket.write(text);
  await closeOf(socket);
  return received;
}

/** Unlike `once`, a reset is a way to close like any other. */
export function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** How many connections others have to a member. */
export function connectionsOf(member: MessagingMember): number {
  const sockets: Set<Socket> = Reflect.get(member.server.transport, 'openSockets');
  return sockets.size;
}

export async function connectRaw(member: MessagingMember): Promise<Socket> {
  const socket = connect(member.port, HOST);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}
