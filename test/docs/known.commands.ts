import {
  faultInShell,
  faultOfCommandLine,
  faultOfGcloud,
  faultOfNode,
  faultOfVitest,
  type CommandCheck,
} from './command.checks.js';

/** A kind of command that pages have their readers type, and what checks it. */
export type KnownCommand = CheckedHere | RunElsewhere;

interface CheckedHere {
  readonly command: RegExp;
  readonly check: CommandCheck;
}

interface RunElsewhere {
  readonly page: string;
  readonly command: RegExp;
  /** Runs them: it takes them from the page by `pageAt(page).commands`. */
  readonly spec: string;
}

/** What makes all that the sample needs in Google Cloud, and what runs it there. */
const DEPLOYS =
  /^(gcloud (?!beta |emulators |pubsub topics publish )|kubectl |docker |sed |for |test |done$|[A-Z]+=|export (?!CLOUDSDK_API))/;

/** The first that fits a command checks it. Add yours here: a command that is not known fails the tests. */
export const KNOWN_COMMANDS: readonly KnownCommand[] = [
  { page: 'sample/01-demo/README.md', command: /^curl /, spec: 'test/e2e/demo.spec.ts' },
  {
    page: 'sample/02-pubsub-gke/README.md',
    command: DEPLOYS,
    spec: 'test/deployment/deploy-commands.spec.ts',
  },
  { command: /^(npm|npx tsc|node) /, check: faultOfNode },
  { command: /^(\w+=\S+ )*npx vitest run /, check: faultOfVitest },
  { command: /^npx nestjs-hedge /, check: faultOfCommandLine },
  { command: /^gcloud /, check: faultOfGcloud },
  { command: /^export /, check: faultInShell },
];

export function knownCommand(page: string, command: string): KnownCommand | undefined {
  return KNOWN_COMMANDS.find(
    (each) => each.command.test(command) && (!('page' in each) || each.page === page),
  );
}
