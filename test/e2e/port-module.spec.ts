import { Injectable } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { OnLeaderMessage, type HedgeModuleOptions } from '../../src/index.js';
import { NO_SIGTERM_LISTENER } from '../../src/leader/leader.messages.js';
import {
  OTHER_SECRET,
  SHORT_SECRET,
  UNSECURED_PORT,
} from '../../src/messaging/security/security.messages.js';
import { Authority } from '../support/messaging/certificate.authority.js';
import { SOON, useGroup } from '../support/apps/hedge.apps.js';
import { logs } from '../support/apps/recorded.logs.js';

const SECRET = 'a secret that is long enough';
const authority = new Authority();
const TLS = { ...authority.sign(), ca: authority.ca };

@Injectable()
class Handlers {
  @OnLeaderMessage('echo')
  echo(data: unknown) {
    return { data };
  }
}

/** Those about the port: these apps do without shutdown hooks. */
function warnings(): string[] {
  const texts = logs.at('warn').map((line) => line.split(' | ')[0]);
  return texts.filter((text) => text !== NO_SIGTERM_LISTENER);
}

describe('an app with a secured port', () => {
  const group = useGroup();

  it.each<[string, HedgeModuleOptions]>([
    ['a secret', { secret: SECRET }],
    ['a list of secrets', { secret: [SECRET, 'the one before, also long'] }],
    ['certificates', { tls: TLS }],
  ])('by %s works as any other, and says nothing', async (_what, options) => {
    await group().startMany(3, options, [Handlers]);
    const { leader, followers } = await group().settled();
    for (const { hedge } of followers) {
      expect(await hedge.send('echo', 'x')).toEqual({ data: 'x' });
      expect(await hedge.put('k', hedge.id)).toMatchObject({ key: 'k' });
    }
    await leader.close();
    const { followers: others } = await group().settled();
    expect(await others[0].hedge.send('echo', 'y', SOON)).toEqual({ data: 'y' });
    expect(warnings()).toEqual([]);
  });

  it('serves on while a member with another secret keeps trying, and says what is wrong', async () => {
    await group().startMany(2, { secret: SECRET }, [Handlers]);
    const { leader, followers } = await group().settled();
    const stranger = await group().start({ secret: 'another secret, also long' }, [Handlers]);
    // It sees by the store who leads, and cannot talk to it.
    const sent = stranger.hedge.send('echo', 1, { timeout: 500 });
    await expect(sent).rejects.toMatchObject({ code: 'NO_LEADER' });
    await vi.waitFor(() => expect(logs.at('warn').join()).toContain(OTHER_SECRET), SOON);
    expect(logs.at('warn').filter((line) => line.includes(OTHER_SECRET))).toHaveLength(1);
    expect(leader.hedge.isLeader()).toBe(true);
    expect(await followers[0].hedge.send('echo', 2)).toEqual({ data: 2 });
  });

  it.each<[string, HedgeModuleOptions, string[]]>([
    ['open to the network', { listenHost: '0.0.0.0' }, [UNSECURED_PORT('0.0.0.0')]],
    ['open to the network, IPv6', { listenHost: '::' }, [UNSECURED_PORT('::')]],
    ['of the loopback', { listenHost: 'localhost' }, []],
    ['open, with a secret', { listenHost: '0.0.0.0', secret: SECRET }, []],
    ['open, with certificates', { listenHost: '0.0.0.0', tls: TLS }, []],
    ['with a short secret', { secret: 'x'.repeat(15) }, [SHORT_SECRET(16)]],
    ['with a short secret left over', { secret: [SECRET, 'short'] }, [SHORT_SECRET(16)]],
  ])('warns once at the start where it should: %s', async (_what, options, expected) => {
    await group().startMany(1, options);
    expect(warnings()).toEqual(expected);
  });

  const other = new Authority().sign();
  it.each<[string, Partial<typeof TLS>, RegExp]>([
    ['a key that is none', { key: 'no key' }, /`tls` cannot be used/],
    ['a certificate that is none', { cert: 'no certificate' }, /`tls` cannot be used/],
    ['a key of another certificate', { key: other.key }, /key values mismatch/],
    ['an authority that is none', { ca: 'no authority' }, /`tls.ca` contains no certificate/],
    [
      'an authority that is damaged',
      { ca: authority.ca.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA') },
      /`tls` cannot be used/,
    ],
  ])('does not start with %s', async (_what, part, text) => {
    const failed = await group()
      .start({ tls: { ...TLS, ...part } })
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'INVALID_OPTIONS', message: expect.stringMatching(text) });
  });
});
