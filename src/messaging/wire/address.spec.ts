import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { HedgeError } from '../../errors/index.js';
import { findOwnHost, formatAddress, parseAddress, parsePeerAddress } from './address.js';

describe('parseAddress', () => {
  it.each([
    ['', { port: 0 }],
    [':0', { port: 0 }],
    [':8080', { port: 8080 }],
    ['host:8080', { host: 'host', port: 8080 }],
    ['10.0.0.1:1', { host: '10.0.0.1', port: 1 }],
    [
      'app-0.app.ns.svc.cluster.local:65535',
      { host: 'app-0.app.ns.svc.cluster.local', port: 65535 },
    ],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['[fe80::1%eth0]:80', { host: 'fe80::1%eth0', port: 80 }],
  ])('reads %j', (address, expected) => {
    expect(parseAddress(address)).toEqual(expected);
  });

  it.each([
    ['host'],
    ['8080'],
    ['host:'],
    ['host:x'],
    ['host:65536'],
    ['host:-1'],
    ['::1:8080'],
    ['[::1]'],
    ['[host]:80'],
    ['http://host:80'],
    ['a b:80'],
    [8080],
    [undefined],
    [null],
  ])('refuses %j, naming the field', (address) => {
    expect(() => parseAddress(address, 'listenHost')).toThrow(HedgeError);
    expect(() => parseAddress(address, 'listenHost')).toThrow(/`listenHost`.*got/);
  });
});

describe('parsePeerAddress', () => {
  it('undoes formatAddress', () => {
    for (const host of ['h', '127.0.0.1', '::1', '2001:db8::7']) {
      expect(parsePeerAddress(formatAddress(host, 80))).toEqual({ host, port: 80 });
    }
  });

  it('requires a host and a real port', () => {
    for (const id of ['', ':80', 'h:0', 'h', '::1:80']) {
      expect(parsePeerAddress(id)).toBeUndefined();
    }
  });
});

function at(address: string, internal = false, scopeid = 0): NetworkInterfaceInfo[] {
  const common = { address, netmask: '', mac: '', cidr: null, internal };
  return address.includes(':')
    ? [{ ...common, family: 'IPv6', scopeid }]
    : [{ ...common, family: 'IPv4' }];
}

describe('findOwnHost', () => {
  const lo = at('127.0.0.1', true);

  it('prefers IPv4, then a global IPv6, then the loopback', () => {
    const v6 = at('2001:db8::1');
    const linkLocal = at('fe80::1', false, 2);
    expect(findOwnHost({ lo, v6, eth0: at('10.0.0.1') })).toBe('10.0.0.1');
    expect(findOwnHost({ lo, linkLocal, v6 })).toBe('2001:db8::1');
    expect(findOwnHost({ lo, linkLocal })).toBe('127.0.0.1');
    expect(findOwnHost({})).toBe('127.0.0.1');
  });

  it('finds one on this machine', () => {
    expect(findOwnHost()).toMatch(/[.:]/);
  });
});
