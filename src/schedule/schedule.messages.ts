import { shown, textOf } from '../errors/index.js';

export const NO_CRON = (label: string, error: unknown) =>
  `@LeaderCron() on ${label}() cannot be scheduled. ${typeof error === 'string' ? error : textOf(error)}`;

export const UNKNOWN_CRON_OPTION = (field: string, known: string[]) =>
  `It knows no option \`${field}\`. Its options are: ${known.join(', ')}.`;

export const NO_SCHEDULE_MODULE = (label: string) =>
  `@LeaderCron() on ${label}() needs the registry of @nestjs/schedule: add ScheduleModule.forRoot() to the imports of the root module.`;

export const CRON_NAME_TAKEN = (label: string, name: string) =>
  `@LeaderCron() on ${label}(): another cron of this app is called ${shown(name)}. All members know a cron by its name: give each a \`name\` of its own.`;

export const CRON_NOT_CLAIMED = (name: string, slot: string, error: unknown) =>
  `Cron ${shown(name)} does not run for ${slot}: the store did not say that nobody else has. ${textOf(error)}`;

export const CRON_STILL_RUNNING = (name: string, slot: string) =>
  `Cron ${shown(name)} is left out for ${slot}: its run before goes on here.`;

export const CRON_AHEAD = (name: string, slot: string, member: string) =>
  `Cron ${shown(name)} does not run before ${slot} has passed: member ${member} ran it for then, by a clock that was ahead of this one's. Synchronize the clocks; to run it earlier, delete its row in the lock table.`;

export const CRON_INTERRUPTED = (name: string, slot: string, member: string) =>
  `Nobody saw the run of cron ${shown(name)} for ${slot} end: member ${member} died, or led no more, before it did. Part of it may have been done; it is not run again.`;

export const CRON_END_UNKNOWN = (name: string, slot: string, error: unknown) =>
  `Cron ${shown(name)} ran for ${slot} to its end, and the store did not take that down: the next leader will take the run for interrupted. ${textOf(error)}`;

export const CRON_ERROR_UNSPEAKABLE = (name: string) =>
  `The run of cron ${shown(name)} has thrown something that the logger could not print: it throws an error itself when it is looked at.`;
