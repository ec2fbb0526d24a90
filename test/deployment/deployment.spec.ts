import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TIMEOUT } from '../../sample/02-pubsub-gke/in-time.js';
import { Settings } from '../../sample/02-pubsub-gke/settings.js';
import { resolveOptions } from '../../src/hedge.options.js';
import {
  container,
  environment,
  manifestOf,
  podSpec,
} from '../support/deployment/deployment.template.js';

const SAMPLE = 'sample/02-pubsub-gke';
const secret = 'of more than sixteen characters';

function settingsOf(podIp: string) {
  const { hedge, port, topic } = new Settings(environment(podIp, secret));
  const options = resolveOptions(hedge, { KUBERNETES_SERVICE_HOST: '10.0.0.1' });
  return { options, address: hedge.address, port, topic };
}

describe('the pods of deployment_template.yaml', () => {
  const spec = podSpec();
  const { ports = [], startupProbe, livenessProbe, readinessProbe } = container();
  const { leaseDuration, drainTimeout } = settingsOf('10.1.2.3').options;

  it.each([
    ['10.1.2.3', '10.1.2.3', '10.1.2.3:8080'],
    ['fd00::3', 'fd00::3', '[fd00::3]:8080'],
  ])('are told all that the sample asks for, at %s', (podIp, host, address) => {
    const { options, topic, port, ...settings } = settingsOf(podIp);
    expect(settings.address).toBe(address);
    expect(options).toMatchObject({ host, group: 'hedge-demo', candidate: true });
    expect(options.store).toEqual({
      kind: 'spanner',
      database: 'projects/my-project/instances/hedge-demo/databases/hedge-demo',
    });
    expect(options.security.secrets).toHaveLength(1);
    expect(topic).toBe('projects/my-project/topics/hedge-demo-pubctrl');
    expect(ports).toEqual([
      { name: 'members', containerPort: options.port },
      { name: 'http', containerPort: port },
    ]);
  });

  it('are probed where the sample answers', () => {
    const controller = readFileSync(join(SAMPLE, 'health.controller.ts'), 'utf8');
    const [, base] = /@Controller\('(\w+)'\)/.exec(controller) ?? [];
    const paths = controller.matchAll(/@Get\('(\w+)'\)/g);
    const [live, ready] = Array.from(paths, ([, path]) => ({
      path: `/${base}/${path}`,
      port: 'http',
    }));
    expect(startupProbe?.httpGet).toEqual(live);
    expect(livenessProbe?.httpGet).toEqual(live);
    expect(readinessProbe?.httpGet).toEqual(ready);
  });

  it('stay ready while a leader that crashed is waited for', () => {
    const { failureThreshold = 0, periodSeconds = 0 } = readinessProbe!;
    const withoutLeader = 1.03 * leaseDuration + 500;
    expect((failureThreshold - 1) * periodSeconds * 1_000).toBeGreaterThan(withoutLeader);
  });

  it('are given the time that a probe of the store takes, and a start without it', () => {
    // By `isReady`, and by the first attempt to open the store.
    expect(readinessProbe?.timeoutSeconds).toBeGreaterThan(1);
    const { failureThreshold = 0, periodSeconds = 0 } = startupProbe!;
    expect(failureThreshold * periodSeconds).toBeGreaterThan(4 * 5);
  });

  it('have the time to drain', () => {
    const { preStop } = container().lifecycle!;
    // Handlers and hooks, then leadership; meanwhile the subscription is made, closed and deleted, and the client closed;
    // then locks.
    const ofMember = 2 * drainTimeout + 1_000;
    const ofCommands = 4 * TIMEOUT;
    const needed = preStop!.sleep!.seconds * 1_000 + Math.max(ofMember, ofCommands) + 1_000;
    expect(spec.terminationGracePeriodSeconds! * 1_000 - needed).toBeGreaterThanOrEqual(5_000);
  });

  it.each([
    [environment('', '')['METADATA_SERVER_DETECTION'], 'waits for it'],
    ['ping-only', 'Could not load the default credentials'],
  ])('are not without credentials while the metadata server is late: %s', (detection, outcome) => {
    const program = `
      const { createRequire } = require('node:module');
      const { GoogleAuth } = createRequire(require.resolve('@google-cloud/spanner'))('google-auth-library');
      new GoogleAuth().getClient().then(() => console.log('waits for it'), (error) => console.log(error.message));`;
    const env = {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      // Nobody listens there.
      GCE_METADATA_HOST: '127.0.0.1:1',
      METADATA_SERVER_DETECTION: detection,
    };
    const output = execFileSync(process.execPath, ['-e', program], { env, encoding: 'utf8' });
    expect(output).toContain(outcome);
  });

  it('have memory left beside the heap, and a CPU that nobody throttles', () => {
    const { requests, limits } = container().resources!;
    const [, heap] = /^--max-old-space-size=(\d+)$/.exec(environment('', '')['NODE_OPTIONS']) ?? [];
    const [, limit] = /^(\d+)Mi$/.exec(String(limits?.memory)) ?? [];
    expect(Number(heap)).toBeLessThan(0.75 * Number(limit));
    expect(Number(heap)).toBeGreaterThan(0.5 * Number(limit));
    expect(requests?.memory).toBe(limits?.memory);
    expect(requests).toHaveProperty('cpu');
    expect(limits).not.toHaveProperty('cpu');
  });

  it('may do nothing that they need not', () => {
    const labels = manifestOf('Namespace').metadata!.labels!;
    expect(labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
    expect(spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container().securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(spec.automountServiceAccountToken).toBe(false);
    expect([spec.hostNetwork, spec.hostPID, spec.volumes]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('the parts of deployment_template.yaml', () => {
  const { metadata, spec } = manifestOf('Deployment');
  const policy = manifestOf('NetworkPolicy');
  const budget = manifestOf('PodDisruptionBudget');
  const pods = { matchLabels: spec!.template.metadata!.labels };

  it('mean the same pods', () => {
    expect(pods.matchLabels).toEqual({ 'app.kubernetes.io/name': 'hedge-demo' });
    expect(spec!.selector).toEqual(pods);
    expect(budget.spec?.selector).toEqual(pods);
    expect(policy.spec?.podSelector).toEqual(pods);
    const spread = podSpec().topologySpreadConstraints!;
    expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
      'topology.kubernetes.io/zone',
      'kubernetes.io/hostname',
    ]);
    for (const constraint of spread) {
      expect(constraint).toMatchObject({
        labelSelector: pods,
        matchLabelKeys: ['pod-template-hash'],
        whenUnsatisfiable: 'ScheduleAnyway',
      });
    }
  });

  it('are in one namespace, under one service account', () => {
    const { name } = manifestOf('Namespace').metadata!;
    const account = manifestOf('ServiceAccount').metadata!;
    for (const each of [metadata, policy.metadata, budget.metadata, account]) {
      expect(each?.namespace).toBe(name);
    }
    expect(podSpec().serviceAccountName).toBe(account.name);
    expect(account.annotations).toEqual({
      'iam.gke.io/gcp-service-account': 'hedge-demo@my-project.iam.gserviceaccount.com',
    });
  });

  it('let members reach the port of members, and nobody else reach anything', () => {
    const members = container().ports!.find(({ name }) => name === 'members');
    expect(policy.spec?.policyTypes).toEqual(['Ingress']);
    expect(policy.spec?.ingress).toEqual([
      {
        from: [{ podSelector: pods }],
        ports: [{ port: members?.containerPort, protocol: 'TCP' }],
      },
    ]);
  });

  it('replace and drain one pod at a time, and never wait for ever', () => {
    expect(spec).toMatchObject({
      replicas: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    });
    expect(budget.spec).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  });
});
