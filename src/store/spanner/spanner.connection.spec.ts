import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Attempt } from './spanner.attempt.js';
import { SpannerConnection } from './spanner.connection.js';
import type { SpannerPackage } from './spanner.package.js';
import type { SpannerTarget } from './spanner.target.js';

/** A client of a server that is never heard of. */
class SilentClient {
  static readonly made: SilentClient[] = [];
  readonly close = vi.fn(() => Promise.resolve());
  #ready!: (stub: object) => void;

  constructor() {
    SilentClient.made.push(this);
  }

  initialize(): Promise<object> {
    return new Promise((resolve) => (this.#ready = resolve));
  }

  becomeReady(): void {
    this.#ready({ commit: () => ({ cancel: () => undefined }) });
  }
}

describe('a connection to Spanner that has fallen silent', () => {
  let connection: SpannerConnection;

  beforeEach(async () => {
    vi.useFakeTimers();
    SilentClient.made.length = 0;
    const grpc = { Metadata: Map };
    const spanner = { v1: { SpannerClient: SilentClient } };
    const opening = SpannerConnection.open(
      { grpc, spanner } as unknown as SpannerPackage,
      { name: { path: 'p' }, options: {} } as unknown as SpannerTarget,
    );
    SilentClient.made[0].becomeReady();
    connection = await opening;
  });

  afterEach(() => void vi.useRealTimers());

  async function fallSilent(): Promise<void> {
    const { signal } = new AbortController();
    const calls = [1, 2].map(() =>
      connection.call('commit', {}, new Attempt({ timeout: 2_000 }, 'd', signal)),
    );
    const settled = Promise.allSettled(calls);
    await vi.advanceTimersByTimeAsync(2_001);
    await settled;
  }

  it('is made anew, and the old one closed', async () => {
    await fallSilent();
    const [silent, anew] = SilentClient.made;
    expect(silent.close).not.toHaveBeenCalled();
    anew.becomeReady();
    await vi.advanceTimersByTimeAsync(0);

    expect(silent.close).toHaveBeenCalledOnce();
    expect(anew.close).not.toHaveBeenCalled();
  });

  it('leaves nothing open when it is made anew twice at once', async () => {
    await fallSilent();
    await fallSilent();
    for (const client of SilentClient.made) client.becomeReady();
    await vi.advanceTimersByTimeAsync(0);
    await connection.close();

    expect(SilentClient.made).toHaveLength(3);
    for (const { close } of SilentClient.made) expect(close).toHaveBeenCalledOnce();
  });

  it('leaves nothing open when it is closed meanwhile', async () => {
    await fallSilent();
    await connection.close();
    const [, anew] = SilentClient.made;
    anew.becomeReady();
    await vi.advanceTimersByTimeAsync(0);

    expect(anew.close).toHaveBeenCalledOnce();
  });
});
