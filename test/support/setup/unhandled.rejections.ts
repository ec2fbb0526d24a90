import { afterEach, expect } from 'vitest';

/** Whatever the network and the store do, no promise of ours is left to reject unheard: every e2e test is held to that. */
const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

afterEach(() => {
  expect(unhandled.splice(0), 'unhandled rejections').toEqual([]);
});
