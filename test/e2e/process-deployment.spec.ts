import { afterEach, describe, expect, it, vi } from 'vitest';
import { container, environment, podSpec } from '../support/deployment/deployment.template.js';
import { freePort } from '../support/network/free.ports.js';
import { startPod, type SampleProcess } from '../support/samples/pubsub.sample.js';

interface Probe {
  readonly httpGet?: { readonly path?: string };
}

describe('a pod of deployment_template.yaml', () => {
  let pod: SampleProcess | undefined;

  afterEach(() => pod?.kill());

  it('that starts while Spanner and Pub/Sub are away is not restarted, not ready, and ends when told', async () => {
    const { startupProbe, livenessProbe, readinessProbe } = container();
    const [port, members, nobody] = [await freePort(), await freePort(), await freePort()];
    pod = startPod({
      ...environment('127.0.0.1', 'of more than sixteen characters'),
      NODE_ENV: 'production',
      PORT: `${port}`,
      HEDGE_PORT: `${members}`,
      SPANNER_EMULATOR_HOST: `127.0.0.1:${nobody}`,
      PUBSUB_EMULATOR_HOST: `127.0.0.1:${nobody}`,
    });
    const statusOf = async (probe?: Probe) =>
      (await fetch(`http://127.0.0.1:${port}${probe?.httpGet?.path}`)).status;

    const { failureThreshold = 0, periodSeconds = 0 } = startupProbe!;
    const allowed = { timeout: failureThreshold * periodSeconds * 1_000, interval: 100 };
    await vi.waitFor(async () => expect(await statusOf(startupProbe)).toBe(200), allowed);
    expect(await statusOf(livenessProbe)).toBe(200);
    expect(await statusOf(readinessProbe)).toBe(503);
    expect(pod.lines.join('\n')).toContain('is not available. This member tries again until it is');

    const since = performance.now();
    pod.child.kill('SIGTERM');
    expect(await pod.exited).toEqual([0, null]);
    const { preStop } = container().lifecycle!;
    const left = podSpec().terminationGracePeriodSeconds! - preStop!.sleep!.seconds;
    expect(performance.now() - since).toBeLessThan(left * 1_000);
  });
});
