import type { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../errors/index.js';
import { OutageReporter } from './outage.reporter.js';

const AWAY = new StoreError('unavailable', 'away');
const REFUSAL = new StoreError('invalid', 'no table');

describe('an outage of the store', () => {
  let levels: string[];
  let reporter: OutageReporter;

  beforeEach(() => {
    levels = [];
    const at = (level: string) => () => void levels.push(level);
    const logger = { error: at('error'), warn: at('warn'), debug: at('debug') };
    reporter = new OutageReporter(logger as unknown as Logger);
  });

  it('is a warning once, and details afterwards', () => {
    for (let failure = 0; failure < 3; failure++) reporter.failed(AWAY);

    expect(levels).toEqual(['warn', 'debug', 'debug']);
  });

  it('is an error once when the store refuses, before or after it was away', () => {
    for (const error of [AWAY, REFUSAL, REFUSAL, AWAY]) reporter.failed(error);
    expect(levels).toEqual(['warn', 'error', 'debug', 'debug']);

    reporter.ended();
    reporter.failed(REFUSAL);
    expect(levels.at(-1)).toBe('error');
  });

  it('is reported again after it ended', () => {
    reporter.failed(AWAY);
    reporter.ended();
    reporter.failed(new Error('something else'));

    expect(levels).toEqual(['warn', 'warn']);
  });
});
