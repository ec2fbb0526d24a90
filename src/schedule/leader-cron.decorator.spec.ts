import { describe, expect, it } from 'vitest';
import type { CronRun } from './cron.run.js';
import { LeaderCron } from './leader-cron.decorator.js';
import type { LeaderCronOptions } from './leader-cron.options.js';

class Jobs {
  run(): void {}
}

function decorate(expression: string, options?: object) {
  return () =>
    LeaderCron(expression, options as LeaderCronOptions)(Jobs.prototype, 'run', { value: () => 1 });
}

describe('@LeaderCron()', () => {
  it.each([
    ['* * *', {}, /Too few fields/],
    ['61 * * * * *', {}, /out of range/],
    ['0 0 31 2 *', {}, /No execution date/],
    [undefined, {}, /`expression` to be a string, got undefined/],
    ['* * * * *', { timeZone: 'Mars/Olympus' }, /timezone/],
    ['* * * * *', { timeZone: 1 }, /`timeZone` to be a string, got 1/],
    ['* * * * *', { timezone: 'UTC' }, /no option `timezone`/],
    ['* * * * *', { name: 'a/b' }, /the cron's name .* got "a\/b"/],
    ['* * * * *', { name: 'a#b' }, /the cron's name/],
    ['* * * * *', { catchUp: 'all' }, /'skip' or 'once', got "all"/],
  ])('refuses %s with %j, and says where', (expression, options, text) => {
    const decorated = decorate(expression as string, options);
    expect(decorated).toThrow(text);
    expect(decorated).toThrow(/^@LeaderCron\(\) on Jobs\.run\(\) cannot be scheduled/);
    expect(decorated).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }) as Error);
  });

  it('refuses what is no method of an instance', () => {
    const apply = LeaderCron('* * * * *');
    expect(() => apply(Jobs, 'create', { value: () => 1 })).toThrow(/Jobs\.create is not one/);
    expect(() => apply(Jobs.prototype, 'more', {})).toThrow(/Jobs\.more is not one/);
  });

  it('compiles only on methods it can call', () => {
    class Fitting {
      @LeaderCron('* * * * *')
      nothing(): void {}

      @LeaderCron('* * * * *')
      async run({ slot }: CronRun): Promise<Date> {
        return slot;
      }

      // @ts-expect-error it is called with a run
      @LeaderCron('* * * * *')
      other(_id: string): void {}
    }
    expect(Fitting).toBeDefined();
  });
});
