import { describe, expect, it } from 'vitest';
import { redirectLocation } from './redirect.location.js';

describe('the location of a request at the leader', () => {
  const BASE = 'http://10.0.0.1:3000';

  it.each([
    [BASE, '/orders/7?x=1&y=%2F#z', `${BASE}/orders/7?x=1&y=%2F#z`],
    [`${BASE}/`, '/', `${BASE}/`],
    [`${BASE}/api/?q#f`, '/orders', `${BASE}/api/orders`],
    ['HTTPS://Leader.example', '/x', 'https://leader.example/x'],
    ['http://[::1]:3000', '/x', 'http://[::1]:3000/x'],
    ['http://user:word@leader', '/x', 'http://leader/x'],
    [BASE, '/a/../b//c/', `${BASE}/a/../b//c/`],
    [BASE, '/ü "\r\n', `${BASE}/%C3%BC%20%22%0D%0A`.replace('%22', '"')],
  ])('is below %s for %s', (base, target, location) => {
    expect(redirectLocation(base, target)).toBe(location);
  });

  it.each([
    '//evil.example/x',
    '/\\evil.example',
    '@evil.example/x',
    '.evil.example/',
    ':80@evil.example',
    'http://evil.example/x?y',
    'HTTPS://user:word@evil.example:81/x',
    'javascript:alert(1)',
    'evil',
    '*',
    '',
    ' //evil.example',
    '\t//evil.example',
    undefined,
    null,
    7,
    {},
  ])('stays with the leader for %j', (target) => {
    const location = redirectLocation(BASE, target) ?? '';
    expect(new URL(location).origin).toBe(BASE);
    expect(location.startsWith(`${BASE}/`)).toBe(true);
    expect(location).not.toContain('@evil');
  });

  it.each([
    undefined,
    null,
    7,
    {},
    '',
    'leader:3000',
    '/x',
    'ftp://leader',
    'javascript:1',
    'http://',
  ])('is unknown when the URL of the leader is %j', (base) => {
    expect(redirectLocation(base, '/x')).toBeUndefined();
  });
});
