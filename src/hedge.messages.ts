export const UNKNOWN_OPTION = (field: string, known: string[]) =>
  `HedgeModule knows no option \`${field}\`. Its options are: ${known.join(', ')}.`;

export const CONFLICTING_OPTIONS = (one: string, other: string) =>
  `Give either \`${one}\` or \`${other}\`, not both.`;

export const STORE_HAS_TABLES = (field: string) =>
  `\`${field}\` belongs to the store when \`store\` is given: pass it where the store is made.`;

export const LOCK_NAME_REQUIRED =
  'Give a `lockName`: it names the group, and apps that share the database must not share it by accident.';

export const DATABASE_REQUIRED =
  'Give a `database` (or a `store`). Without one the members would each use a file of their own and all of them would lead: ' +
  'this looks like production (NODE_ENV=production or KUBERNETES_SERVICE_HOST is set). ' +
  "For a single machine say so: database: 'sqlite:./hedge.db'.";

export const EMBEDDED_BY_DEFAULT = (file: string) =>
  `No \`database\` given: using the embedded store ${file}, which serves the processes of this machine only.`;

export const MODULE_TWICE =
  'HedgeModule.forRoot() is imported twice. One app is a member of one group: import it once, in the root module (it is global).';
