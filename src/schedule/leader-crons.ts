import { setImmediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import { HedgeError } from '../errors/index.js';
import type { HedgeMember } from '../member/index.js';
import { LeaderWork } from '../leader/index.js';
import type { DiscoveredHandler } from '../handlers/index.js';
import { CronClaims } from './cron.claims.js';
import { CronJob } from './cron.package.js';
import type { CronSlots } from './cron.slots.js';
import { LeaderCronJob, type CronPorts } from './leader-cron.job.js';
import type { CronDefinition } from './leader-cron.options.js';
import { CRON_NAME_TAKEN, NO_SCHEDULE_MODULE } from './schedule.messages.js';

/** @internal */
export const LEADER_CRON = Symbol('hedge:leader-cron');

interface Mounted {
  readonly name: string;
  readonly slots: CronSlots;
  readonly job: CronJob;
  readonly own: LeaderCronJob;
  readonly catchesUp: boolean;
}

/**
 * Puts the app's `@LeaderCron()` methods into the registry of @nestjs/schedule, from where its module takes them at a
 * shutdown. Gives back what starts them.
 * @throws HedgeError `INVALID_HANDLER`
 */
export function leaderCrons(member: HedgeMember, modules: ModuleRef): () => void {
  const found = member.explorer.explore<CronDefinition>(LEADER_CRON);
  const registry = registryOf(modules, found[0]);
  const ports = portsOf(member, modules.get(LeaderWork, { strict: false }));
  const mounted = found.map((handler) => mount(registry, member.options.group, handler, ports));
  const { surroundings } = member;
  const catchUp = async () => {
    for (const { job, own } of mounted.filter(({ catchesUp }) => catchesUp)) {
      // One that was stopped by hand stays so.
      if (surroundings || job.isActive) own.catchUp();
      // To find a slot takes milliseconds, and a new leader has its lease to look after.
      if (!surroundings) await setImmediate();
    }
  };
  const began = () => void catchUp();
  member.leader.terms.register({ began, ended: () => Promise.resolve() });
  return () => {
    for (const { name, slots, job, own } of mounted) {
      const next = (after: number) => slots.after(after);
      if (surroundings) surroundings.recur({ name, next, tick: () => own.tick() });
      else job.start();
    }
    // It may lead by now.
    void catchUp();
  };
}

function mount(
  registry: SchedulerRegistry,
  group: string,
  { instance, methodName, metadata }: DiscoveredHandler<CronDefinition>,
  ports: CronPorts,
): Mounted {
  const { slots, catchUp } = metadata;
  const label = `${instance.constructor.name}.${methodName}`;
  const { name = label } = metadata;
  if (registry.doesExist('cron', name)) {
    throw new HedgeError('INVALID_HANDLER', CRON_NAME_TAKEN(label, name));
  }
  const call = (run: unknown): unknown =>
    Reflect.apply(Reflect.get(instance, methodName), instance, [run]);
  const catchesUp = catchUp === 'once';
  const own = new LeaderCronJob({ group, name, slots, catchesUp, call }, ports);
  const { expression, timeZone } = slots;
  const job = CronJob.from({ cronTime: expression, timeZone, name, onTick: () => void own.tick() });
  registry.addCronJob(name, job);
  return { name, slots, job, own, catchesUp };
}

function portsOf(
  { clock, events, leader, logger, options, session }: HedgeMember,
  work: LeaderWork,
): CronPorts {
  return {
    work,
    claims: new CronClaims(session.committer, clock, options.leaseDuration),
    clock,
    logger,
    runLogger: new Logger('Scheduler'),
    leadershipOf: (term) => leader.terms.leadershipOf(term),
    interrupted: (run) => events.emit({ type: 'cron.interrupted', ...run }),
  };
}

function registryOf(
  modules: ModuleRef,
  { instance, methodName }: DiscoveredHandler,
): SchedulerRegistry {
  try {
    return modules.get(SchedulerRegistry, { strict: false });
  } catch (error) {
    const text = NO_SCHEDULE_MODULE(`${instance.constructor.name}.${methodName}`);
    throw new HedgeError('INVALID_HANDLER', text, { cause: error });
  }
}
