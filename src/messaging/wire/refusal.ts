import type { Logger } from '@nestjs/common';
import { CONNECTION_REFUSED } from './wire.messages.js';

/** Why a connection is refused. Each kind is warned about separately. */
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

/** Warns of each kind of refusal once a minute: a flood of connections must not fill the log, nor hide another kind. */
export class RefusalWarnings {
  readonly #warnedAt = new Map<RefusalKind, number>();

  constructor(private readonly logger: Logger) {}

  warn(address: string | undefined, { kind, text }: Refusal): void {
    const now = performance.now();
    if (now - (this.#warnedAt.get(kind) ?? -Infinity) < WARN_INTERVAL) return;
    this.#warnedAt.set(kind, now);
    this.logger.warn(CONNECTION_REFUSED(address ?? 'an unknown address', text));
  }
}
