import { describe, expect, it, vi } from 'vitest';
import { ReplyDeadline } from './reply.deadline.js';

describe('the deadline of a reply', () => {
  const never = new AbortController().signal;

  it('counts from the arrival of the message', async () => {
    const deadline = new ReplyDeadline(1);
    await vi.waitFor(() => expect(deadline.signal(never).aborted).toBe(true));
  });

  it('passes at once when it has passed before the signal is asked for', () => {
    expect(new ReplyDeadline(0).signal(never).aborted).toBe(true);
  });

  it('is no longer than the longest timer', () => {
    expect(new ReplyDeadline(1e300).signal(never).aborted).toBe(false);
  });

  it('ends with the other signal', () => {
    const other = new AbortController();
    const signal = new ReplyDeadline(60_000).signal(other.signal);

    other.abort('over');

    expect(signal.reason).toBe('over');
  });
});
