import { shown, textOf } from '../errors/index.js';
import { HAS_NEWER_FORMAT, UPDATE_FOR_NEWER_ROW } from '../table/index.js';

export const NO_CRON = (label: string, error: unknown) =>
  `@LeaderCron() on ${label}() cannot be scheduled. ${typeof error === 'string' ? error : textOf(error)}`;

export const UNKNOWN_CRON_OPTION = (field: string, known: string[]) =>
  `It has no option \`${field}\`. Its options are: ${known.join(', ')}.`;

export const NO_SCHEDULE_MODULE = (label: string) =>
  `@LeaderCron() on ${label}() needs the registry of @nestjs/schedule. Add ScheduleModule.forRoot() to the imports of the root module.`;

export const CRON_NAME_TAKEN = (label: string, name: string) =>
  `@LeaderCron() on ${label}() has the name ${shown(name)}, and so has another cron of this app. Give each cron its own \`name\`: all members know a cron by it.`;

export const CRON_NOT_CLAIMED = (name: string, slot: string, error: unknown) =>
  `Skipped cron ${shown(name)} for ${slot}: this member could not claim the slot in the store. ${textOf(error)}`;

export const CRON_STILL_RUNNING = (name: string, slot: string) =>
  `Skipped cron ${shown(name)} for ${slot}: the previous run is still in progress on this member.`;

export const CRON_ROW_NEWER = (name: string, slot: string, format: number) =>
  `Skipped cron ${shown(name)} for ${slot}: its row in the lock table ${HAS_NEWER_FORMAT(format)} ${UPDATE_FOR_NEWER_ROW}`;

export const CRON_AHEAD = (name: string, slot: string, member: string) =>
  `Cron ${shown(name)} does not run until ${slot} has passed: member ${member} has already run it for that time, because the clock of that member was ahead. Synchronize the clocks. To run the cron earlier, delete its row from the lock table.`;

export const CRON_INTERRUPTED = (name: string, slot: string, member: string) =>
  `The run of cron ${shown(name)} for ${slot} did not end: member ${member} died or lost the leadership during it. Part of the work may have been done. The run is not repeated.`;

export const CRON_END_UNKNOWN = (name: string, slot: string, error: unknown) =>
  `Cron ${shown(name)} finished its run for ${slot}, but this member could not record that in the store. The next leader will report the run as interrupted. ${textOf(error)}`;

export const CRON_ERROR_UNSPEAKABLE = (name: string) =>
  `The run of cron ${shown(name)} threw an error that the logger cannot print: reading it throws another error.`;
