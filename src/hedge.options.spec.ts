import { describe, expect, it } from 'vitest';
import type { HedgeError } from './errors/index.js';
import { resolveOptions, type HedgeModuleOptions } from './hedge.options.js';
import { INVALID_SECRET } from './messaging/security/security.messages.js';
import type { HedgeStore } from './store/index.js';

const SPANNER = 'projects/p/instances/i/databases/d';
const store = {
  description: 'a store',
  ...Object.fromEntries(
    ['open', 'commit', 'transact', 'rows', 'entries', 'outcome', 'close'].map((name) => [
      name,
      () => Promise.reject(new Error('Nobody calls it here')),
    ]),
  ),
} as unknown as HedgeStore;

function failure(options: unknown, env: NodeJS.ProcessEnv = {}): HedgeError {
  try {
    resolveOptions(options as HedgeModuleOptions, env);
  } catch (error) {
    return error as HedgeError;
  }
  throw new Error('The options were accepted');
}

describe('options', () => {
  it('have a default for everything on the embedded store', () => {
    expect(resolveOptions(undefined, {})).toEqual({
      store: { kind: 'sqlite', file: './hedge.db', isDefault: true },
      tables: {},
      group: 'hedge',
      host: '127.0.0.1',
      port: 0,
      listenHost: undefined,
      security: { secrets: [], tls: undefined },
      leaseDuration: 10_000,
      requestTimeout: 20_000,
      drainTimeout: 5_000,
      candidate: true,
      metadata: {},
      inheritAppConfig: false,
    });
  });

  it('are taken over where they are given', () => {
    const options = {
      database: SPANNER,
      lockName: 'orders',
      address: 'host.example:8080',
      listenHost: '0.0.0.0',
      secret: ['new secret of 2026', 'old secret of 2025'],
      lockTable: 'locks',
      logTable: 'entries',
      createTables: true,
      leaseDuration: 4_000,
      requestTimeout: 1_000.4,
      drainTimeout: 0,
      candidate: false,
      metadata: { url: 'http://a', since: new Date(0), left: undefined },
      inheritAppConfig: true,
    };

    expect(resolveOptions(options, {})).toEqual({
      store: { kind: 'spanner', database: SPANNER },
      tables: { lockTable: 'locks', logTable: 'entries', createTables: true },
      group: 'orders',
      host: 'host.example',
      port: 8080,
      listenHost: '0.0.0.0',
      security: { secrets: ['new secret of 2026', 'old secret of 2025'], tls: undefined },
      leaseDuration: 4_000,
      requestTimeout: 1_000,
      drainTimeout: 0,
      candidate: false,
      metadata: { url: 'http://a', since: '1970-01-01T00:00:00.000Z' },
      inheritAppConfig: true,
    });
  });

  it('that are undefined are as good as left out', () => {
    const names = Object.keys(resolveOptions({}, {}));
    const blank = { database: undefined, leaseDuration: undefined, candidate: undefined };

    expect(Object.keys(resolveOptions(blank, {}))).toEqual(names);
    expect(resolveOptions(blank, {})).toEqual(resolveOptions({}, {}));
  });

  it.each([1_000, 7_500, 3_600_000])(
    'let a request outlive one failover of a lease of %d ms',
    (lease) => {
      expect(resolveOptions({ leaseDuration: lease }, {}).requestTimeout).toBe(2 * lease);
    },
  );

  it('refuse metadata that cannot travel, or is too long', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const deep: unknown = JSON.parse(`${'['.repeat(600)}${']'.repeat(600)}`);
    for (const metadata of [circular, { n: 1n }, [], { long: 'x'.repeat(4_096) }, { deep }]) {
      expect(failure({ metadata: metadata as never })).toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining('`metadata`'),
      });
    }
  });

  it.each([
    [':0', undefined, 0],
    ['', undefined, 0],
    [':8080', undefined, 8080],
    ['localhost:65535', 'localhost', 65535],
    ['10.0.0.1:1', '10.0.0.1', 1],
    ['[::1]:0', '::1', 0],
    ['[2001:db8::1]:8080', '2001:db8::1', 8080],
  ])('read the address %j', (address, host, port) => {
    expect(resolveOptions({ address }, {})).toMatchObject({ host, port });
  });

  it.each([
    'host',
    'host:',
    'host:port',
    ':65536',
    ':-1',
    '::1:8080',
    '[::1]',
    '[host]:80',
    'http://host:80',
    'a b:80',
    '0.0.0.0:8080',
    '[::]:8080',
    '[0:0::0]:8080',
  ])('refuse the address %j', (address) => {
    const { code, message } = failure({ address });

    expect(code).toBe('INVALID_OPTIONS');
    expect(message).toContain('`address`');
    expect(message).toContain(address);
  });

  it('find the host by themselves with Spanner, and stay on the loopback when embedded', () => {
    expect(resolveOptions({ database: SPANNER, lockName: 'x' }, {}).host).toBeUndefined();
    expect(resolveOptions({ database: 'sqlite::memory:' }, {}).host).toBe('127.0.0.1');
    const embedded = { ...store, isEmbedded: true };
    expect(resolveOptions({ store: embedded }, {}).host).toBe('127.0.0.1');
  });

  it.each([
    ['sqlite:./hedge.db', './hedge.db'],
    ['sqlite::memory:', ':memory:'],
    ['sqlite:/var/lib/a b.db', '/var/lib/a b.db'],
  ])('know %j as the embedded store', (database, file) => {
    const { store: choice } = resolveOptions({ database }, { NODE_ENV: 'production' });

    expect(choice).toEqual({ kind: 'sqlite', file, isDefault: false });
  });

  it.each([
    '',
    'sqlite:',
    'sqlite',
    'projects/p/instances/i',
    'projects/p/instances/i/databases/',
    'projects/p/instances/i/databases/d/tables/t',
    '/projects/p/instances/i/databases/d',
    'postgres://localhost/db',
  ])('refuse %j as a database', (database) => {
    const { code, message } = failure({ database, lockName: 'x' });

    expect(code).toBe('INVALID_OPTIONS');
    expect(message).toContain('`database`');
    expect(message).toContain('sqlite:{file}');
    expect(message).toContain(JSON.stringify(database));
  });

  it.each([{ NODE_ENV: 'production' }, { KUBERNETES_SERVICE_HOST: '10.0.0.1' }])(
    'need a database where the environment is %o',
    (env) => {
      expect(failure({}, env)).toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining('`database`'),
      });
      expect(resolveOptions({ database: 'sqlite:./hedge.db' }, env).group).toBe('hedge');
      expect(resolveOptions({ store, lockName: 'x' }, env).group).toBe('x');
    },
  );

  it('need a name for the group unless the store is embedded', () => {
    for (const options of [{ database: SPANNER }, { store }]) {
      expect(failure(options)).toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining('`lockName`'),
      });
    }
  });

  it.each(['', 'spindle', 'a/b', 'a#b', 'a\0', 'x'.repeat(1_001), '\uD800'])(
    'refuse %j as the name of the group',
    (lockName) => {
      expect(failure({ lockName })).toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining('`lockName`'),
      });
    },
  );

  it.each(['a', 'order service', 'aufträge', '注文', '👩‍🚀', 'a_b%', 'x'.repeat(1_000)])(
    'take %j as the name of the group',
    (lockName) => {
      expect(resolveOptions({ lockName }, {}).group).toBe(lockName);
    },
  );

  it('refuse a database and a store together', () => {
    const { code, message } = failure({ database: SPANNER, store, lockName: 'x' });

    expect(code).toBe('INVALID_OPTIONS');
    expect(message).toMatch(/`database`.*`store`/);
  });

  it.each([{ lockTable: 'locks' }, { logTable: 'entries' }, { createTables: false }])(
    'refuse %o with a store, which has its own',
    (table) => {
      const { code, message } = failure({ store, lockName: 'x', ...table });

      expect(code).toBe('INVALID_OPTIONS');
      expect(message).toContain(`\`${Object.keys(table)[0]}\``);
    },
  );

  it.each([[{}], [[]], [{ open: 'now' }], [new Date()]])('refuse %o as a store', (given) => {
    expect(failure({ store: given, lockName: 'x' })).toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('`store`'),
    });
  });

  it('name an option nobody knows, and those there are', () => {
    const { code, message } = failure({ leaseduration: 5_000 });

    expect(code).toBe('INVALID_OPTIONS');
    expect(message).toMatch(/`leaseduration`.*leaseDuration/);
  });

  it.each([[null], ['sqlite:./hedge.db'], [7], [true], [[]]])(
    'refuse %j in place of options',
    (options) => {
      expect(failure(options)).toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining('`options`'),
      });
    },
  );

  it.each([
    ['database', 7, 'a string'],
    ['database', null, 'a string'],
    ['store', 'spanner', 'an object'],
    ['store', null, 'an object'],
    ['lockName', 7, 'a string'],
    ['address', 8080, 'a string'],
    ['listenHost', true, 'a string'],
    ['lockTable', {}, 'a string'],
    ['logTable', null, 'a string'],
    ['createTables', 'false', 'a boolean'],
    ['leaseDuration', '10s', 'a number'],
    ['leaseDuration', 999, 'a number of ms from 1000 to 3600000'],
    ['leaseDuration', Infinity, 'a number of ms'],
    ['leaseDuration', NaN, 'a number of ms'],
    ['leaseDuration', 3_600_001, 'a number of ms'],
    ['requestTimeout', 2 ** 31, 'a number of ms'],
    ['requestTimeout', 0, 'a number of ms from 1'],
    ['requestTimeout', -1, 'a number of ms'],
    ['requestTimeout', null, 'a number'],
    ['drainTimeout', -1, 'a number of ms from 0'],
    ['drainTimeout', 5n, 'a number'],
    ['candidate', 'yes', 'a boolean'],
    ['candidate', Object.create(null), 'a boolean'],
    ['inheritAppConfig', 1, 'a boolean'],
    ['inheritAppConfig', Symbol('x'), 'a boolean'],
  ])('say of %s what was expected and what came (case %#)', (field, value, expected) => {
    const { code, status, message } = failure({ [field]: value });

    expect(code).toBe('INVALID_OPTIONS');
    expect(status).toBe(500);
    expect(message).toContain(`Expected \`${field}\` to be ${expected}`);
    expect(message).toMatch(/, got .+\.$/);
  });

  it.each([[''], [[]], [['good', '']], [[7]], [7], [null], [{}], [[['nested']]]])(
    'refuse the secret %j',
    (secret) => {
      expect(failure({ secret })).toMatchObject({ code: 'INVALID_OPTIONS' });
      expect(failure({ secret }).message).toBe(INVALID_SECRET);
    },
  );

  it('refuse `secret` together with `tls`', () => {
    expect(failure({ secret: 's', tls: {} }).message).toContain('`secret` and `tls` are both set');
  });

  it.each([
    [null, 'an object'],
    ['-----BEGIN PRIVATE KEY-----', 'an object'],
    [[], 'an object'],
    [{ keys: '' }, 'no field `keys`'],
    [{}, '`tls.key` is required'],
    [{ key: 'x', cert: '' }, '`tls.cert` is required'],
    [{ key: 'x', cert: 'x' }, '`tls.ca` is required'],
    [{ key: 'x', cert: 'x', ca: [] }, '`tls.ca` is required'],
    [{ key: 'x', cert: 'x', ca: 'x' }, 'contains no certificate'],
    [{ key: 'x', cert: 'x', ca: 'x', servername: 1 }, '`tls.servername` must be a string'],
    [{ key: 'x', cert: 'x', ca: 'x', passphrase: 1 }, '`tls.passphrase` must be a string'],
    [{ key: 'x', cert: 'x', ca: 'x', checkServerIdentity: true }, 'must be a function'],
  ])('refuse %j as `tls`, and show nothing of it', (tls, expected) => {
    const { code, message } = failure({ tls });

    expect(code).toBe('INVALID_OPTIONS');
    expect(message).toContain(expected);
    expect(message).not.toContain('BEGIN PRIVATE');
  });
});
