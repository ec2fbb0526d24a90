import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Every program of this name on the PATH. */
export function programs(name: string): string[] {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .filter((path) => existsSync(path));
}

/** A file of the gcloud CLI that is installed, by its path from the folder that `gcloud` really is in. */
export function gcloudFile(...path: string[]): string | undefined {
  return programs('gcloud')
    .map((gcloud) => join(dirname(realpathSync(gcloud)), ...path))
    .find((file) => existsSync(file));
}
