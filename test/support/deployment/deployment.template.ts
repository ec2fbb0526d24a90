import { readFileSync } from 'node:fs';
import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IContainer, INamespace, IPodSpec, IServiceAccount } from 'kubernetes-models/v1';
import { parsedManifests } from './manifests.js';

/** As it stands at the top of the repository. */
export const template = readFileSync('deployment_template.yaml', 'utf8');

/** What somebody has to fill in. */
export const MARKER = /FILL_IN_[A-Z]+/g;

export const VALUES = { PROJECT: 'my-project', REGION: 'europe-west1', TAG: '0a1b2c3' };

/** Of the kinds that it has, one each. */
interface Kinds {
  Namespace: INamespace;
  ServiceAccount: IServiceAccount;
  Deployment: IDeployment;
  PodDisruptionBudget: IPodDisruptionBudget;
  NetworkPolicy: INetworkPolicy;
}

export function filledIn(): string {
  return Object.entries(VALUES).reduce(
    (text, [name, value]) => text.replaceAll(`FILL_IN_${name}`, value),
    template,
  );
}

export function manifestOf<Kind extends keyof Kinds>(kind: Kind): Kinds[Kind] {
  return parsedManifests(filledIn()).find((each) => each.kind === kind) as unknown as Kinds[Kind];
}

export function podSpec(): IPodSpec {
  return manifestOf('Deployment').spec!.template.spec!;
}

export function container(): IContainer {
  return podSpec().containers[0];
}

/** What the pod finds in its environment. */
export function environment(podIp: string, secret: string): Record<string, string> {
  return Object.fromEntries(
    container().env!.map(({ name, value, valueFrom }) => {
      if (valueFrom?.fieldRef?.fieldPath === 'status.podIP') return [name, podIp];
      return [name, valueFrom?.secretKeyRef ? secret : value!];
    }),
  );
}
