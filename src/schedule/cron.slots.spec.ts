import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CronSlots } from './cron.slots.js';

const at = (text: string) => Date.parse(text);
const DAY = 86_400_000;

describe('the slots of a cron', () => {
  it.each([
    // expression, zone, now, newest slot
    ['* * * * * *', 'UTC', '2026-11-23T10:00:00.000Z', '2026-11-23T10:00:00.000Z'],
    ['* * * * * *', 'UTC', '2026-11-23T10:00:00.999Z', '2026-11-23T10:00:00.000Z'],
    ['*/10 * * * * *', 'UTC', '2026-11-23T10:00:09.999Z', '2026-11-23T10:00:00.000Z'],
    ['0 3 * * *', 'UTC', '2026-11-23T02:59:59.999Z', '2026-11-22T03:00:00.000Z'],
    ['0 3 * * *', 'UTC', '2026-11-23T03:00:00.000Z', '2026-11-23T03:00:00.000Z'],
    ['0 3 * * *', 'Europe/Berlin', '2026-11-23T02:00:00.001Z', '2026-11-23T02:00:00.000Z'],
    ['0 3 * * *', 'Asia/Kolkata', '2026-11-23T02:00:00.000Z', '2026-11-22T21:30:00.000Z'],
    ['0 0 29 2 *', 'UTC', '2027-11-23T00:00:00.000Z', '2024-02-29T00:00:00.000Z'],
    ['*/5 9 * * 1', 'UTC', '2026-11-27T12:00:00.000Z', '2026-11-23T09:55:00.000Z'],
    // Clocks are put forward: there is no 02:30.
    ['30 2 * * *', 'Europe/Berlin', '2026-03-29T12:00:00.000Z', '2026-03-29T01:00:00.000Z'],
  ])('of %s in %s at %s include %s', (expression, zone, now, slot) => {
    const latest = new CronSlots(expression, zone).latest(at(now));
    expect(new Date(latest ?? NaN).toISOString()).toBe(slot);
  });

  describe('on a day on which clocks are set', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
    afterEach(() => void vi.useRealTimers());

    it.each([
      ['*/20 * * * *', 'Europe/Berlin', '2026-10-25T00:00:00Z', 36],
      ['*/20 * * * *', 'Europe/Berlin', '2026-03-29T00:00:00Z', 36],
      ['*/20 * * * *', 'Australia/Lord_Howe', '2026-04-04T12:00:00Z', 36],
      ['30 * * * *', 'America/New_York', '2026-11-01T00:00:00Z', 12],
      ['30 2 * * *', 'Europe/Berlin', '2026-10-24T22:00:00Z', 1],
      ['30 2 * * *', 'Europe/Berlin', '2026-03-28T22:00:00Z', 1],
    ])('follow each other: %s in %s from %s', (expression, zone, from, count) => {
      const slots = new CronSlots(expression, zone);
      const end = at(from) + DAY / 2;
      const followed: number[] = [];
      for (let slot = at(from); ; followed.push(slot)) {
        vi.setSystemTime(slot);
        const next = slots.after(slot);
        expect(next).toBeGreaterThan(slot);
        if (next > end) break;
        vi.setSystemTime(next + 3);
        expect(slots.latest(next + 3)).toBe(next);
        slot = next;
      }
      expect(followed).toHaveLength(count);
    });

    it('are found where `cron` goes back in time', () => {
      const slots = new CronSlots('*/10 * * * *', 'Australia/Sydney');
      const [first, second] = [at('2026-04-04T15:00:00Z'), at('2026-04-04T16:05:00Z')];
      // Looked back at from a summer, it takes the second of the two hours for the first.
      vi.setSystemTime(at('2026-11-23T12:00:00Z'));
      expect(slots.after(second)).toBeLessThan(second);
      expect(slots.latest(second)).toBeGreaterThan(first);
      expect(slots.latest(second)).toBeLessThanOrEqual(second);
    });

    it('come once, where an hour comes twice', () => {
      const slots = new CronSlots('30 2 * * *', 'Europe/Berlin');
      const [first, again] = [at('2026-10-25T00:30:00Z'), at('2026-10-25T01:30:00Z')];
      vi.setSystemTime(again);
      // As whoever started between the two has it.
      expect(slots.latest(again)).toBe(again);
      expect(slots.after(first)).toBeGreaterThan(again);
    });
  });

  it.each(['* * * * *', '0 3 * * *', '0 0 1 * *', '@yearly', '* * 1 1 *'])(
    'are found by few looks: %s',
    (expression) => {
      const slots = new CronSlots(expression, 'UTC');
      const now = at('2026-11-23T15:40:12.345Z');
      const after = vi.spyOn(slots, 'after');
      const slot = slots.latest(now)!;
      expect(after.mock.calls.length).toBeLessThan(expression === '* * 1 1 *' ? 60 : 20);
      after.mockClear();
      expect([slots.latest(now), slots.latest(now + 100)]).toEqual([slot, slot]);
      expect(after).not.toHaveBeenCalled();
      // A clock that is set back.
      expect(slots.latest(slot - 1)).toBeLessThan(slot);
    },
  );

  it('say what is wrong with what is none', () => {
    expect(() => new CronSlots('* * *')).toThrow(/Too few fields/);
    expect(() => new CronSlots('61 * * * *')).toThrow(/out of range/);
    expect(() => new CronSlots('* * * * *', 'Mars/Olympus')).toThrow(/timezone/i);
    expect(() => new CronSlots('0 0 31 2 *')).toThrow(/No execution date/);
  });
});
