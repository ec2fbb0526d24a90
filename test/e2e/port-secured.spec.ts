import { once } from 'node:events';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { PeerLostError, PeerUnreachableError } from '../../src/messaging/index.js';
import {
  CERTIFICATE_REFUSED,
  CLOSED_BEFORE_GREETING,
  DIALLED_WITHOUT_TLS,
  OTHER_SECRET,
  OTHER_TLS,
  PEER_WITHOUT_TLS,
  SECRET_REFUSED,
} from '../../src/messaging/security/security.messages.js';
import { LOOKS_ENCRYPTED } from '../../src/messaging/wire/wire.messages.js';
import { deriveKey, preSharedKeyTls } from '../../src/messaging/security/secret.keys.js';
import { Authority } from '../support/messaging/certificate.authority.js';
import {
  connectionsOf,
  HOST,
  rejection,
  startMessaging,
  talkRaw,
  helloTo,
  type MessagingMember,
} from '../support/messaging/messaging.members.js';
import { startTcpProxy } from '../support/network/tcp.proxy.js';

const TIMEOUT = { timeout: 20_000 };
const SOON = { timeout: 15_000, interval: 5 };
const OLD = 'the old secret, long enough';
const NEW = 'the new secret, long enough';
const authority = new Authority();
const TLS = { ...authority.sign(), ca: authority.ca };

function echo(from: MessagingMember, to: MessagingMember, data: unknown = 1): Promise<unknown> {
  return from.peers.request(to.id, 'echo', data, TIMEOUT);
}

describe('a secured port', () => {
  const toClose: { close(): unknown }[] = [];
  let warn: MockInstance<Logger['warn']>;

  beforeEach(() => {
    warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  });

  afterEach(async () => {
    await Promise.all(toClose.splice(0).map((part) => part.close()));
    vi.restoreAllMocks();
  });

  function closing<T extends { close(): unknown }>(part: T): T {
    toClose.push(part);
    return part;
  }

  async function start(...args: Parameters<typeof startMessaging>): Promise<MessagingMember> {
    return closing(await startMessaging(...args));
  }

  /** The member that is dialled serves others, whoever else was refused. */
  async function expectRefusal(
    dialler: MessagingMember,
    dialled: MessagingMember,
    reasons: { dialler: string; dialled: string },
    friend: MessagingMember,
  ): Promise<void> {
    for (let i = 0; i < 3; i++) {
      const failed = await rejection(echo(dialler, dialled));
      expect(failed).toBeInstanceOf(PeerUnreachableError);
      expect((failed as Error).message).toContain(reasons.dialler);
    }
    const warnings = warn.mock.calls.map(([text]) => String(text));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(reasons.dialled);
    expect(warnings[0]).toContain(`from ${HOST}`);
    expect(await echo(friend, dialled, 'served')).toBe('served');
    await vi.waitFor(() => expect(connectionsOf(dialled)).toBe(1));
  }

  describe('by a secret', () => {
    it('carries messages that nobody else can read', async () => {
      const b = await start({ secret: OLD });
      const proxy = closing(await startTcpProxy(b.id));
      const seen: Buffer[] = [];
      proxy.tap((bytes) => seen.push(bytes));
      b.identity.id = `${HOST}:${proxy.port}`;
      const a = await start({ secret: OLD });
      const data = 'what nobody else may read'.repeat(10);

      expect(await a.peers.request(b.identity.id, 'echo', data, TIMEOUT)).toBe(data);
      const wire = Buffer.concat(seen).toString('latin1');
      expect(wire.length).toBeGreaterThan(data.length);
      for (const word of ['nobody', 'hedge', 'echo', 'orders']) expect(wire).not.toContain(word);
    });

    it('says which requests were read when it closes, as an open port does', async () => {
      const { a, b } = { a: await start({ secret: NEW }), b: await start({ secret: NEW }) };
      const ask = (route: string) => rejection(a.peers.request(b.id, route, 1, TIMEOUT));
      await echo(a, b);
      const reached = vi.fn(() => new Promise(() => undefined));
      b.server.handle('reached', reached);
      const read = ask('reached');
      await vi.waitFor(() => expect(reached).toHaveBeenCalled(), SOON);
      const unread = ask('echo');
      await b.server.close();
      expect(await read).toBeInstanceOf(PeerLostError);
      expect(await unread).toBeInstanceOf(PeerUnreachableError);
    });

    it('refuses another secret, and both sides say so', async () => {
      const b = await start({ secret: OLD });
      await expectRefusal(
        await start({ secret: NEW }),
        b,
        { dialler: SECRET_REFUSED, dialled: OTHER_SECRET },
        await start({ secret: OLD }),
      );
    });

    it('refuses the same secret of another group', async () => {
      const b = await start({ secret: OLD });
      const stranger = await start({ secret: OLD, group: 'billing' });
      expect(await rejection(echo(stranger, b))).toMatchObject({
        message: expect.stringContaining(SECRET_REFUSED),
      });
    });

    it('refuses who has seen the identity but lacks the key', async () => {
      const b = await start({ secret: OLD });
      const { identity } = await deriveKey(OLD, 'orders');
      const { client } = preSharedKeyTls([{ identity, key: Buffer.alloc(32) }]);
      const thief = await start({ peers: { tlsOptions: client } });
      expect(await rejection(echo(thief, b))).toBeInstanceOf(PeerUnreachableError);
      expect(warn).toHaveBeenCalledOnce();
      expect(warn.mock.calls.join()).toContain(OTHER_SECRET);
    });

    it('refuses a plain dialler', async () => {
      const b = await start({ secret: OLD });
      await expectRefusal(
        await start(),
        b,
        { dialler: CLOSED_BEFORE_GREETING, dialled: DIALLED_WITHOUT_TLS },
        await start({ secret: OLD }),
      );
      expect(await talkRaw(b, helloTo(b))).not.toContain('instanceId');
    });

    it('is not for a plain port', async () => {
      await expectRefusal(
        await start({ secret: OLD }),
        await start(),
        { dialler: PEER_WITHOUT_TLS, dialled: LOOKS_ENCRYPTED },
        await start(),
      );
    });

    it('takes one suite only: no certificate, no other key exchange, no other version', async () => {
      const b = await start({ secret: OLD });
      const { client } = preSharedKeyTls([await deriveKey(OLD, 'orders')]);
      const options: ConnectionOptions[] = [
        { ...client, ciphers: 'PSK-AES128-GCM-SHA256' },
        { ...client, ciphers: 'DHE-PSK-CHACHA20-POLY1305' },
        {
          ...client,
          ciphers: 'TLS_AES_128_GCM_SHA256',
          minVersion: 'TLSv1.3',
          maxVersion: 'TLSv1.3',
        },
        { ...TLS, rejectUnauthorized: false },
      ];
      for (const option of options) {
        const socket = connectTls({ ...option, host: HOST, port: b.port });
        const [error] = await once(socket, 'error');
        expect(error.code).toMatch(/HANDSHAKE_FAILURE|PROTOCOL_VERSION/);
      }
      const socket = connectTls({ ...client, host: HOST, port: b.port });
      await once(socket, 'secureConnect');
      expect(socket.getCipher().name).toBe('ECDHE-PSK-CHACHA20-POLY1305');
      socket.destroy();
    });

    it('rotates in three roll-outs, with everybody reachable all the time', async () => {
      const before = { secret: OLD };
      const stages = [before, { secret: [OLD, NEW] }, { secret: [NEW, OLD] }, { secret: NEW }];
      for (const [i, stage] of stages.slice(1).entries()) {
        const neighbours = [await start(stages[i]), await start(stage)];
        for (const from of neighbours) {
          for (const to of neighbours) expect(await echo(from, to)).toBe(1);
        }
      }
      const [first, last] = [await start(before), await start({ secret: [NEW, OLD] })];
      expect(await echo(first, last)).toBe(1);
      expect(warn).not.toHaveBeenCalled();
      // What each roll-out is for: without the one between, these two do not meet.
      await rejection(echo(last, first));
      expect(warn.mock.calls.join()).toContain(OTHER_SECRET);
    });
  });

  describe('by certificates', () => {
    it('carries messages between members of one authority', async () => {
      const [a, b] = [
        await start({ tls: TLS }),
        await start({ tls: { ...authority.sign(), ca: [authority.ca] } }),
      ];
      expect(await echo(a, b, 'x'.repeat(100_000))).toHaveLength(100_000);
      expect(await echo(b, a)).toBe(1);
      expect(warn).not.toHaveBeenCalled();
    });

    it.each([
      ['of another authority', () => new Authority('elsewhere').sign()],
      ['of another authority of the same name', () => new Authority().sign()],
      ['that has expired', () => authority.sign({ expires: Date.now() - 60_000 })],
    ])('refuses a dialler with a certificate %s', async (_what, make) => {
      const b = await start({ tls: TLS });
      const failed = await rejection(
        echo(await start({ tls: { ...make(), ca: authority.ca } }), b),
      );
      expect(failed).toBeInstanceOf(PeerUnreachableError);
      await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce());
      expect(warn.mock.calls.join()).toContain('a certificate was refused');
      expect(await echo(await start({ tls: TLS }), b)).toBe(1);
    });

    it.each([
      ['of another authority', () => new Authority('elsewhere').sign()],
      ['that has expired', () => authority.sign({ expires: Date.now() - 60_000 })],
      ['for another host', () => authority.sign({ names: ['10.9.9.9'] })],
    ])('is not dialled with a certificate %s', async (_what, make) => {
      const b = await start({ tls: { ...make(), ca: authority.ca } });
      const failed = await rejection(echo(await start({ tls: TLS }), b));
      expect(failed).toBeInstanceOf(PeerUnreachableError);
      expect((failed as Error).message).toContain(CERTIFICATE_REFUSED('x').slice(0, 20));
    });

    it('refuses a dialler without a certificate', async () => {
      const b = await start({ tls: TLS });
      const bare = await start({ peers: { tlsOptions: { ca: authority.ca } } });
      expect(await rejection(echo(bare, b))).toBeInstanceOf(PeerUnreachableError);
      await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce());
      expect(warn.mock.calls.join()).toContain('a certificate was refused');
    });

    it('has nothing in common with a secret', async () => {
      const b = await start({ tls: TLS });
      const failed = await rejection(echo(await start({ secret: OLD }), b));
      expect((failed as Error).message).toContain(OTHER_TLS);
      expect(warn.mock.calls.join()).toContain(OTHER_TLS);
    });

    it('checks the one name that all carry, or what the app checks', async () => {
      const named = { ...authority.sign({ names: ['members.internal'] }), ca: authority.ca };
      const b = await start({ tls: named });
      expect(await rejection(echo(await start({ tls: named }), b))).toBeInstanceOf(
        PeerUnreachableError,
      );
      const servername = 'members.internal';
      expect(await echo(await start({ tls: { ...named, servername } }), b)).toBe(1);
      const checkServerIdentity = vi.fn(() => undefined);
      expect(await echo(await start({ tls: { ...named, checkServerIdentity } }), b)).toBe(1);
      expect(checkServerIdentity).toHaveBeenCalledOnce();
      const refusing = { ...named, checkServerIdentity: () => new Error('not this one') };
      expect(await rejection(echo(await start({ tls: refusing }), b))).toBeInstanceOf(
        PeerUnreachableError,
      );
    });
  });

  it.each([
    ['plain', {}],
    ['a secret', { secret: OLD }],
    ['certificates', { tls: TLS }],
  ])('heartbeats keep their pace while much is in flight: %s', async (_what, security) => {
    const [a, b] = [await start(security), await start(security)];
    const beat = () => a.peers.request(b.id, 'echo', 0, { timeout: 5_000, channel: 'system' });
    await beat();
    for (const [count, size] of [
      [16, 1_000_000],
      [256, 100_000],
      [1_024, 10_000],
    ]) {
      const data = 'x'.repeat(size);
      const left = { echoes: count };
      const ask = () => echo(a, b, data).finally(() => left.echoes--);
      const echoes = Promise.all(Array.from({ length: count }, ask));
      let slowest = 0;
      do {
        const from = performance.now();
        await beat();
        slowest = Math.max(slowest, performance.now() - from);
      } while (left.echoes > 0);
      expect((await echoes).every((reply) => reply === data)).toBe(true);
      // The interval between heartbeats of a lease of 10 s; what is lost in between is the lease's own third.
      expect(slowest).toBeLessThan(1_666);
    }
  });
});
