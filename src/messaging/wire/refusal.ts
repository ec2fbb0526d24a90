import type { Logger } from '@nestjs/common';
import { TURNED_AWAY } from './wire.messages.js';

/** Why a connection is turned away, in kinds that are warned about apart. */
export type RefusalKind =
  | 'bytes'
  | 'certificate'
  | 'connections'
  | 'group'
  | 'malformed'
  | 'member'
  | 'order'
  | 'plain'
  | 'secret'
  | 'silence'
  | 'store'
  | 'strangers'
  | 'tls'
  | 'version';

export interface Refusal {
  readonly kind: RefusalKind;
  readonly text: string;
}

const WARN_INTERVAL = 60_000;

/**
 * Anyone may knock on an open port, as often as they like: they must not fill the log, and no flood of one kind may
 * hide another.
 */
export class RefusalWarnings {
  readonly #warnedAt = new Map<RefusalKind, number>();

  constructor(private readonly logger: Logger) {}

  warn(address: string | undefined, { kind, text }: Refusal): void {
    const now = performance.now();
    if (now - (this.#warnedAt.get(kind) ?? -Infinity) < WARN_INTERVAL) return;
    this.#warnedAt.set(kind, now);
    this.logger.warn(TURNED_AWAY(address ?? 'an unknown address', text));
  }
}
