import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { container, podSpec } from '../support/deployment.js';

const SAMPLE = 'sample/02-pubsub-gke';
/** What Node and Google's libraries read by themselves. */
const OF_LIBRARIES = ['METADATA_SERVER_DETECTION', 'NODE_OPTIONS'];

const dockerfile = readFileSync(join(SAMPLE, 'Dockerfile'), 'utf8');

describe('the image that deployment_template.yaml runs', () => {
  it('is told by it, or says itself, all that the sample reads, and nothing else', () => {
    const sources = readdirSync(SAMPLE)
      .filter((file) => /(?<!\.spec|^local)\.ts$/.test(file))
      .map((file) => readFileSync(join(SAMPLE, file), 'utf8'));
    const read = sources.flatMap((source) =>
      Array.from(source.matchAll(/\benv\['(\w+)'\]/g), ([, name]) => name),
    );
    const inImage = Array.from(dockerfile.matchAll(/^ENV (\w+)=/gm), ([, name]) => name);
    const given = container().env!.map(({ name }) => name);
    expect([...given, ...inImage].toSorted()).toEqual(
      [...new Set([...read, ...OF_LIBRARIES])].toSorted(),
    );
  });

  it('runs as the user that it is made for', () => {
    const [, user, group] = /^USER (\d+):(\d+)$/m.exec(dockerfile) ?? [];
    const { runAsUser, runAsGroup } = podSpec().securityContext!;
    expect([`${runAsUser}`, `${runAsGroup}`]).toEqual([user, group]);
    expect(runAsUser).toBeGreaterThan(0);
  });

  it('listens where the ports are', () => {
    const [, exposed = ''] = /^EXPOSE (.*)$/m.exec(dockerfile) ?? [];
    const ports = container().ports!.map(({ containerPort }) => `${containerPort}`);
    expect(exposed.split(' ').toSorted()).toEqual(ports.toSorted());
  });
});
