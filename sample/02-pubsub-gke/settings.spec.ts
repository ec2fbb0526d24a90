import { describe, expect, it } from 'vitest';
import { Settings } from './settings.js';

const DATABASE = 'projects/p/instances/i/databases/d';

function settings(env: NodeJS.ProcessEnv = {}): Settings {
  return new Settings({ DATABASE, ...env });
}

describe('Settings', () => {
  it('need a database alone', () => {
    expect(settings()).toEqual({
      port: 3000,
      topic: 'hedge-demo-pubctrl',
      project: 'p',
      hedge: {
        database: DATABASE,
        lockName: 'hedge-demo',
        address: ':8080',
        leaseDuration: 10_000,
        secret: undefined,
      },
    });
    expect(() => new Settings({})).toThrow('Set DATABASE');
  });

  it('make an address of an IP, IPv6 as well', () => {
    expect(settings({ POD_IP: '10.0.0.7' }).hedge.address).toBe('10.0.0.7:8080');
    expect(settings({ POD_IP: 'fd00::7', HEDGE_PORT: '9' }).hedge.address).toBe('[fd00::7]:9');
  });

  it('take two secrets while one is changed', () => {
    expect(settings({ HEDGE_SECRET: 'new,old' }).hedge.secret).toEqual(['new', 'old']);
  });

  it('leave the end of the line away that a secret from a file has', () => {
    expect(settings({ HEDGE_SECRET: 'one\n' }).hedge.secret).toEqual(['one']);
    expect(settings({ HEDGE_SECRET: 'new,old\n' }).hedge.secret).toEqual(['new', 'old']);
  });

  it('refuse a topic without a name', () => {
    expect(() => settings({ TOPIC: '' })).toThrow('Expected TOPIC to name a topic');
  });

  it.each(['PORT', 'HEDGE_PORT', 'LEASE_DURATION'])('refuse a %s that is no number', (name) => {
    for (const text of ['', ' ', '1.5', '-1', 'ten']) {
      expect(() => settings({ [name]: text })).toThrow(`Expected ${name} to be a whole number`);
    }
  });
});
