import type { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RefusalWarnings } from './refusal.js';
import { CONNECTION_REFUSED } from './wire.messages.js';

describe('warnings of refused connections', () => {
  const warn = vi.fn();
  let warnings: RefusalWarnings;

  beforeEach(() => {
    vi.useFakeTimers();
    warn.mockReset();
    warnings = new RefusalWarnings({ warn } as unknown as Logger);
  });

  afterEach(() => void vi.useRealTimers());

  it('come once a minute for each kind, so that a flood of one hides no other', () => {
    for (let i = 0; i < 10_000; i++) warnings.warn('10.0.0.1', { kind: 'bytes', text: `${i}` });
    warnings.warn('10.0.0.2', { kind: 'secret', text: 'wrong' });
    warnings.warn('10.0.0.3', { kind: 'secret', text: 'wrong' });
    expect(warn.mock.calls).toEqual([
      [CONNECTION_REFUSED('10.0.0.1', '0')],
      [CONNECTION_REFUSED('10.0.0.2', 'wrong')],
    ]);
    vi.advanceTimersByTime(59_999);
    warnings.warn('10.0.0.4', { kind: 'secret', text: 'wrong' });
    expect(warn).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1);
    warnings.warn('10.0.0.4', { kind: 'secret', text: 'wrong' });
    expect(warn).toHaveBeenCalledTimes(3);
  });

  it('name no address when it is gone', () => {
    warnings.warn(undefined, { kind: 'bytes', text: 'x' });
    expect(warn).toHaveBeenCalledWith(CONNECTION_REFUSED('an unknown address', 'x'));
  });
});
