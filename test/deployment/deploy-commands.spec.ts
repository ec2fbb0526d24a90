import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  container,
  filledIn,
  manifestOf,
  template,
  VALUES,
} from '../support/deployment/deployment.template.js';
import { pageAt } from '../support/docs/published.pages.js';
import { programs } from '../support/processes/installed.programs.js';
import { gcloudFaults } from './gcloud.parser.js';
import { kubectlFaults } from './kubectl.parser.js';
import { runWithStandIns, type StandInRun } from './stand-in.programs.js';
import { knownCommand } from '../docs/known.commands.js';

const HOW_TO_GET_THEM =
  'No gcloud and kubectl: the commands of the deployment are not checked. Debian: google-cloud-cli, kubectl.\n';

const PAGE = 'sample/02-pubsub-gke/README.md';
const all = pageAt('sample/02-pubsub-gke/README.md').commands;
const first = all.findIndex((command) => command.startsWith('export PROJECT='));
const commands = all.slice(first);
const section = pageAt(PAGE).section('Deploy to GKE');
const { PROJECT, REGION, TAG } = VALUES;

describe.skipIf(!isChecked())('the commands that deploy sample/02-pubsub-gke', () => {
  let run: StandInRun;

  const callsOf = (...words: string[]) =>
    run.calls.filter((call) => call.join(' ').startsWith(words.join(' ')));
  /** What is made by `gcloud GROUP create NAME` and the like. */
  const namesOf = (group: string, verb: RegExp) => {
    const words = group.split(' ').length + 1;
    return callsOf('gcloud', group)
      .filter((call) => verb.test(call[words]))
      .map((call) => call[words + 1]);
  };

  beforeAll(() => {
    run = runWithStandIns(commands.join('\n'), { 'deployment_template.yaml': template }, TAG);
  });

  it('are all of the page that nobody else checks', () => {
    const others = all.slice(0, first).map((command) => knownCommand(PAGE, command)!);
    expect(others.filter((known) => 'page' in known)).toEqual([]);
  });

  it('are as gcloud has them', () => {
    const calls = callsOf('gcloud');
    expect(calls.length).toBeGreaterThan(20);
    const mistaken = [
      ['gcloud', 'pubsub', 'topics', 'creat', 'hedge'],
      ['gcloud', 'pubsub', 'topics', 'create', 'hedge', '--frob'],
      ['gcloud', 'spanner', 'instances', 'create', 'hedge'],
    ];
    const faults = gcloudFaults([...calls, ...mistaken]);
    expect(faults.slice(0, calls.length)).toEqual(calls.map(() => ''));
    expect(faults.slice(calls.length).join('\n')).toMatch(/'creat'.*\n.*--frob[^]*--config/);
  });

  it('are as kubectl has them', async () => {
    const calls = callsOf('kubectl');
    expect(calls.length).toBeGreaterThan(10);
    const mistaken = [
      ['kubectl', 'logs', '--selectr=a=b'],
      ['kubectl', 'rollout', 'statsu', 'deployment/a'],
    ];
    const faults = await kubectlFaults([...calls, ...mistaken], 'deployment.yaml', filledIn());
    expect(faults.slice(0, calls.length)).toEqual(calls.map(() => ''));
    expect(faults.slice(calls.length).join('\n')).toMatch(/selectr[^]*statsu/);
  });

  it('fill in the template, and make the tables', () => {
    expect(run.files['deployment.yaml']).toBe(filledIn());
    expect(run.files['tables.sql']).toContain('CREATE TABLE IF NOT EXISTS locktable');
    expect(
      callsOf('gcloud spanner databases create').map((call) => flagOf(call, 'ddl-file')),
    ).toEqual(['tables.sql']);
  });

  it('make what the template names', () => {
    const env = Object.fromEntries(container().env!.map(({ name, value }) => [name, value]));
    const [instance] = namesOf('spanner instances', /^create$/);
    const [database] = namesOf('spanner databases', /^create$/);
    expect(env['DATABASE']).toBe(`projects/${PROJECT}/instances/${instance}/databases/${database}`);
    const asked = commands.find((command) => command.startsWith('export HEDGE_DATABASE='));
    expect(asked?.replace('$PROJECT', PROJECT)).toContain(`"${env['DATABASE']}"`);
    const [topic] = namesOf('pubsub topics', /^create$/);
    expect(env['TOPIC']).toBe(`projects/${PROJECT}/topics/${topic}`);

    const [repository] = callsOf('gcloud artifacts repositories create');
    const folder = `${flagOf(repository, 'location')}-docker.pkg.dev/${PROJECT}/${repository[4]}`;
    const { image } = container();
    expect(image).toBe(`${folder}/hedge-demo:${TAG}`);
    const file = '--file=sample/02-pubsub-gke/Dockerfile';
    expect(callsOf('docker')).toEqual([
      ['docker', 'build', '--platform=linux/amd64', file, `--tag=${image}`, '.'],
      ['docker', 'push', image],
    ]);
    const [login] = callsOf('gcloud auth configure-docker');
    expect(login.at(-1)).toBe(image!.split('/')[0]);
  });

  it('call all things by the names that they were given', () => {
    const { name, namespace } = manifestOf('Deployment').metadata!;
    const [topic] = namesOf('pubsub topics', /^create$/);
    const [role] = namesOf('iam roles', /^create$/);
    const words = [...callsOf('docker'), ...callsOf('gcloud'), ...callsOf('kubectl')]
      .flat()
      .filter((word) => !/^--(display-name|description|title)=/.test(word))
      .flatMap((word) => word.match(/\bhe[\w-]+/gi) ?? []);
    expect(new Set(words)).toEqual(new Set([name, namespace, topic, role, 'HEDGE_SECRET']));
  });

  it('let the pods, and nobody else, act as the service account that they make', () => {
    const [name] = namesOf('iam service-accounts', /^create$/);
    const account = `${name}@${PROJECT}.iam.gserviceaccount.com`;
    const pods = manifestOf('ServiceAccount').metadata!;
    expect(pods.annotations).toEqual({ 'iam.gke.io/gcp-service-account': account });

    const bindings = run.calls.filter((call) => call.includes('add-iam-policy-binding'));
    const given = bindings.map((call) => [
      call[call.indexOf('add-iam-policy-binding') + 1],
      flagOf(call, 'member'),
      flagOf(call, 'role'),
    ]);
    const [topic] = namesOf('pubsub topics', /^create$/);
    const [database] = namesOf('spanner databases', /^create$/);
    const [repository] = namesOf('artifacts repositories', /^create$/);
    const [custom] = callsOf('gcloud iam roles create');
    const nodes = '1234567890-compute@developer.gserviceaccount.com';
    expect(given).toEqual([
      [
        account,
        `serviceAccount:${PROJECT}.svc.id.goog[${pods.namespace}/${pods.name}]`,
        'roles/iam.workloadIdentityUser',
      ],
      [database, `serviceAccount:${account}`, 'roles/spanner.databaseUser'],
      [topic, `serviceAccount:${account}`, 'roles/pubsub.subscriber'],
      [PROJECT, `serviceAccount:${account}`, `projects/${PROJECT}/roles/${custom[4]}`],
      [repository, `serviceAccount:${nodes}`, 'roles/artifactregistry.reader'],
    ]);
    // What sample/02-pubsub-gke/command.subscription.ts asks of its subscription.
    expect(flagOf(custom, 'permissions')?.split(',')).toEqual(
      ['create', 'consume', 'delete'].map((verb) => `pubsub.subscriptions.${verb}`),
    );
  });

  it('make the secret where the pods look for it, and change it in steps that fit', () => {
    const { secretKeyRef } = container().env!.find(
      ({ name }) => name === 'HEDGE_SECRET',
    )!.valueFrom!;
    const { namespace } = manifestOf('Deployment').metadata!;
    for (const call of callsOf('kubectl create secret')) {
      expect(call.slice(2, 5)).toEqual(['secret', 'generic', secretKeyRef!.name]);
      expect(call).toContain(`--namespace=${namespace}`);
      expect(flagOf(call, 'from-literal')).toMatch(new RegExp(`^${secretKeyRef!.key}=`));
    }
    const [old, both, turned, fresh, ...rest] = run.secrets;
    expect([both, turned, ...rest]).toEqual([`${old},${fresh}`, `${fresh},${old}`]);
    expect(new Set([old, fresh].map(({ length }) => length))).toEqual(new Set([44]));
    expect(old).not.toBe(fresh);

    const verbs = callsOf('kubectl').map((call) => call.slice(1, call[1] === 'rollout' ? 3 : 2));
    const changing = verbs.slice(verbs.findIndex(([verb]) => verb === 'get') + 1).map(String);
    // The two ends of the pipe before it begin in any order.
    const steps = changing.filter((verb) => verb !== 'create').slice(0, 9);
    const step = ['replace', 'rollout,restart', 'rollout,status'];
    expect(steps).toEqual([...step, ...step, ...step]);
  });

  it('give the roles that the page explains, and no other', () => {
    const explained = section.rowsOfCodes
      .filter(([, { text }]) => /^the (database|topic|project|service account)$/.test(text))
      .map(([role]) => role.text.replace('roles/', ''));
    const given = run.calls
      .filter((call) => call.includes('add-iam-policy-binding'))
      .flatMap((call) => flagOf(call, 'role')?.split('roles/').at(-1) ?? []);
    // That one is the nodes', and is explained beside its command.
    const ofPods = given.filter((role) => role !== 'artifactregistry.reader');
    expect(explained.toSorted()).toEqual(ofPods.toSorted());
  });

  it('clean up all that they made', () => {
    for (const group of [
      'artifacts repositories',
      'container clusters',
      'iam roles',
      'pubsub topics',
      'spanner instances',
    ]) {
      const made = namesOf(group, /^create(-auto)?$/);
      expect(made, group).toHaveLength(1);
      expect(namesOf(group, /^delete$/), group).toEqual(made);
    }
    const [account] = namesOf('iam service-accounts', /^create$/);
    const [deleted] = namesOf('iam service-accounts', /^delete$/);
    expect(deleted).toBe(`${account}@${PROJECT}.iam.gserviceaccount.com`);
    expect(namesOf('projects', /^remove-iam-policy-binding$/)).toEqual([PROJECT]);
    const made = run.calls.flatMap(([program, ...args]) =>
      program === 'gcloud' && args.some((word) => word.startsWith('create')) ? [args[0]] : [],
    );
    expect(new Set(made)).toEqual(new Set(['container', 'spanner', 'pubsub', 'iam', 'artifacts']));
  });

  it('enable what they use before they use it', () => {
    const [, , , ...apis] = callsOf('gcloud')[0];
    const used = run.calls.flatMap(([program, group, ...rest]) =>
      program === 'gcloud' && rest.some((word) => word.startsWith('create')) ? [group] : [],
    );
    // The last ones are how pods act as the account, and `gcloud projects`.
    const needed = used.map((group) => group.replace('artifacts', 'artifactregistry'));
    expect(new Set(apis)).toEqual(
      new Set(
        [...needed, 'iamcredentials', 'cloudresourcemanager'].map(
          (name) => `${name}.googleapis.com`,
        ),
      ),
    );
  });

  it('are for the region that was said', () => {
    const regions = run.calls.flatMap((call) =>
      ['region', 'location', 'config'].flatMap((name) => flagOf(call, name) ?? []),
    );
    expect(new Set(regions)).toEqual(new Set([REGION, `regional-${REGION}`]));
  });
});

it('what the page says that logs say is what we write there', () => {
  const quotes = section.codes.filter((code) => /^[A-Z][a-z]+( [\w-]+)+$/.test(code));
  expect(quotes).toHaveLength(5);
  const sources = [
    'src/store/spanner/spanner.messages.ts',
    'sample/02-pubsub-gke/command.listener.ts',
  ].map((file) => readFileSync(file, 'utf8'));
  expect(quotes.filter((quote) => !sources.some((source) => source.includes(quote)))).toEqual([]);
});

function flagOf(call: readonly string[], name: string): string | undefined {
  return call.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
}

/** Without the two programs they are not, which CI does not put up with. */
function isChecked(): boolean {
  if ([programs('gcloud'), programs('kubectl')].every(({ length }) => length > 0)) return true;
  if (process.env['CI'] === 'true') throw new Error(HOW_TO_GET_THEM);
  process.stderr.write(HOW_TO_GET_THEM);
  return false;
}
