import { describe, expect, it } from 'vitest';
import { filledIn, MARKER, template } from '../support/deployment/deployment.template.js';
import { pageAt } from '../support/docs/published.pages.js';
import { parsedManifests, schemaFaults } from '../support/deployment/manifests.js';

/** Each with one word of the template changed. */
const BROKEN: readonly [what: string, from: string | RegExp, to: string][] = [
  ['a misspelt field', 'livenessProbe:', 'livelinessProbe:'],
  ['a misspelt field further up', '  strategy:', '  strategi:'],
  ['a field in the wrong place', '      serviceAccountName:', '      maxSurge:'],
  ['a wrong type', 'replicas: 3', "replicas: '3'"],
  ['a required field that is missing', /  selector:\n.*\n.*\n(?=  strategy)/, ''],
  ['a quantity that is none', 'memory: 512Mi', 'memory: 512 MB'],
  ['a value that does not exist', 'type: RollingUpdate', 'type: Rolling'],
  ['a kind that does not exist', 'kind: NetworkPolicy', 'kind: NetworkPolice'],
  ['an empty value', 'containerPort: 8080', 'containerPort:'],
];

const [whole, ...broken] = schemaFaults([
  parsedManifests(filledIn()),
  ...BROKEN.map(([, from, to]) => parsedManifests(filledIn().replace(from, to))),
]);

describe('deployment_template.yaml', () => {
  const [head, ...body] = template.split(/^(?=apiVersion:)/m);
  const used = new Set(body.join('').match(MARKER));

  it('lists what is to be filled in, and nothing else', () => {
    const listed = [...head.matchAll(/^# {3}(FILL_IN_\w+) /gm)].map(([, name]) => name);
    expect(listed).toHaveLength(3);
    expect(new Set(listed)).toEqual(used);
  });

  it('has a command that fills in all of it', () => {
    const [command] = /^# {3}sed .*\\\n#.*$/m.exec(head) ?? [''];
    expect(new Set(command.match(MARKER))).toEqual(used);
    // The one that is tried out.
    const [tried] = pageAt('sample/02-pubsub-gke/README.md').commands.filter((each) =>
      each.startsWith('sed '),
    );
    expect(wordsOf(command)).toEqual(wordsOf(tried));
    expect(filledIn()).not.toMatch(MARKER);
  });

  it('fits the schemas of Kubernetes', () => {
    expect(parsedManifests(filledIn()).map(({ kind }) => kind)).toEqual([
      'Namespace',
      'ServiceAccount',
      'Deployment',
      'PodDisruptionBudget',
      'NetworkPolicy',
    ]);
    expect(whole).toEqual([]);
  });

  it.each(BROKEN.map(([what], at) => [what, broken[at]]))('would not, with %s', (_what, faults) => {
    expect(faults).not.toEqual([]);
  });

  it.each([
    ['twice the same key', 'replicas: 3', 'replicas: 3\n  replicas: 5'],
    ['an indentation that is off', '  replicas: 3', '   replicas: 3'],
  ])('would be no YAML, with %s', (_what, from, to) => {
    expect(() => parsedManifests(filledIn().replace(from, to))).toThrow();
  });
});

/** However its lines are broken. */
function wordsOf(command: string): string[] {
  return command.split(/[\s\\#]+/).filter(Boolean);
}
