import { readFileSync } from 'node:fs';

/**
 * Measures the age of a heartbeat by the machine's monotonic clock. All processes of the machine share this clock, and
 * nobody can set it. It restarts with the machine, so a heartbeat also names its boot.
 */
export class BootClock {
  /** Identifies the boot, and so the machine while it runs. */
  readonly bootId = currentBootId();

  /** The present time in its stored form. */
  heartbeat(): string {
    return `${this.bootId}/${process.hrtime.bigint()}`;
  }

  /** ms. `Infinity` for a heartbeat from before the last boot, and for a text that is not a heartbeat. */
  ageOf(heartbeat: string): number {
    const slash = heartbeat.lastIndexOf('/');
    const moment = heartbeat.slice(slash + 1);
    if (heartbeat.slice(0, slash) !== this.bootId || !/^\d{1,20}$/.test(moment)) return Infinity;
    const age = process.hrtime.bigint() - BigInt(moment);
    // A heartbeat from the future is from another boot, on a system without names of boots.
    return age < 0n ? Infinity : Number(age) / 1e6;
  }
}

function currentBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Only Linux names its boots. On other systems, a heartbeat from an earlier boot may look younger than it is. A lock is
    // then freed too late, never too early.
    return 'boot';
  }
}
