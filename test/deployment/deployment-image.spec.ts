import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Settings } from '../../sample/02-pubsub-gke/settings.js';
import { container, podSpec } from '../support/deployment/deployment.template.js';
import { pageAt } from '../support/docs/published.pages.js';

const SAMPLE = 'sample/02-pubsub-gke';
/** What Node and Google's libraries read by themselves. */
const OF_LIBRARIES = ['METADATA_SERVER_DETECTION', 'NODE_OPTIONS'];

const dockerfile = readFileSync(join(SAMPLE, 'Dockerfile'), 'utf8');

/** From the environment. */
const READ = readdirSync(SAMPLE)
  .filter((file) => /(?<!\.spec|^local)\.ts$/.test(file))
  .map((file) => readFileSync(join(SAMPLE, file), 'utf8'))
  .flatMap((source) => Array.from(source.matchAll(/\benv\['(\w+)'\]/g), ([, name]) => name));

describe('the image that deployment_template.yaml runs', () => {
  it('is told by it, or says itself, all that the sample reads, and nothing else', () => {
    const inImage = Array.from(dockerfile.matchAll(/^ENV (\w+)=/gm), ([, name]) => name);
    const given = container().env!.map(({ name }) => name);
    expect([...given, ...inImage].toSorted()).toEqual(
      [...new Set([...READ, ...OF_LIBRARIES])].toSorted(),
    );
  });

  it('is told by nobody what its README does not list, with what it takes in its place', () => {
    const { rowsOfCodes } = pageAt(`${SAMPLE}/README.md`).section(
      'What it reads from its environment',
    );
    const rows = rowsOfCodes.map(([variable, standard]) => ({
      name: variable.text,
      standard: standard.leadingCode,
    }));
    expect(rows.map(({ name }) => name).toSorted()).toEqual([...new Set(READ)].toSorted());
    const DATABASE = 'projects/p/instances/i/databases/d';
    const withDefault = rows.filter(({ standard }) => standard !== undefined);
    expect(withDefault).toHaveLength(5);
    for (const { name, standard } of withDefault) {
      expect(new Settings({ DATABASE, [name]: standard })).toEqual(new Settings({ DATABASE }));
    }
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
