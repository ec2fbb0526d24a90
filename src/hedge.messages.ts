export const UNKNOWN_OPTION = (field: string, known: string[]) =>
  `HedgeModule has no option \`${field}\`. Its options are: ${known.join(', ')}.`;

export const CONFLICTING_OPTIONS = (first: string, second: string) =>
  `\`${first}\` and \`${second}\` are both set. Set only one of them.`;

export const STORE_HAS_TABLES = (field: string) =>
  `\`${field}\` is set together with \`store\`. Pass \`${field}\` to the function that makes the store instead.`;

export const LOCK_NAME_REQUIRED =
  '`lockName` is not set. Set it: it names the group, and every app that shares the database needs a name of its own.';

export const DATABASE_REQUIRED =
  'Neither `database` nor `store` is set, and this looks like production (NODE_ENV=production or KUBERNETES_SERVICE_HOST is set). ' +
  'Without a shared database, each member would use its own file, and all of them would lead. Set `database` or `store`. ' +
  "If the app runs on a single machine, set database: 'sqlite:./hedge.db'.";

export const EMBEDDED_BY_DEFAULT = (file: string) =>
  `No \`database\` is set, so this member uses the embedded store ${file}. Only processes of this machine share it. Set \`database\` before the app runs on several machines.`;

export const MODULE_TWICE =
  'HedgeModule.forRoot() is imported twice, but an app is a member of one group only. Import it once, in the root module: all modules see it.';
