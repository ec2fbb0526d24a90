import { readFileSync } from 'node:fs';

/**
 * The age of a heartbeat by the machine's monotonic clock, which all its processes share and nobody can set.
 * It starts anew with the machine, so a heartbeat also names the boot it belongs to.
 */
export class BootClock {
  /** Names the machine too, for as long as it runs. */
  readonly bootId = currentBootId();

  /** The present moment, as stored. */
  heartbeat(): string {
    return `${this.bootId}/${process.hrtime.bigint()}`;
  }

  /** ms; `Infinity` for one from before the last boot, or that is no heartbeat at all. */
  ageOf(heartbeat: string): number {
    const slash = heartbeat.lastIndexOf('/');
    const moment = heartbeat.slice(slash + 1);
    if (heartbeat.slice(0, slash) !== this.bootId || !/^\d{1,20}$/.test(moment)) return Infinity;
    const age = process.hrtime.bigint() - BigInt(moment);
    // From the future: another boot, on a system that does not name them.
    return age < 0n ? Infinity : Number(age) / 1e6;
  }
}

function currentBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Only Linux names its boots. Elsewhere a heartbeat from a longer former boot looks younger than it is, never
    // older than the time since this boot: a lock is freed too late then, not too early.
    return 'boot';
  }
}
