import { expect, it } from 'vitest';
import { loadDriver } from './sqlite.driver.js';
import { DRIVER_MISSING } from './sqlite.messages.js';

it('loads libsql', async () => {
  expect(await loadDriver()).toBeTypeOf('function');
});

it('says what to install when it is missing', async () => {
  const cause = new Error(`Cannot find package 'libsql'`);
  await expect(loadDriver(() => Promise.reject(cause))).rejects.toMatchObject({
    code: 'INVALID_OPTIONS',
    message: DRIVER_MISSING,
    cause,
  });
});

it('refuses a package that is something else', async () => {
  await expect(loadDriver(() => Promise.resolve({ default: {} }))).rejects.toMatchObject({
    code: 'INVALID_OPTIONS',
  });
});
