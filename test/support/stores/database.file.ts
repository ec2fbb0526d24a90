import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A place for a database file that does not exist yet, and that nobody else uses. */
export async function freshFile(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'hedge-sqlite-')), 'hedge.db');
}

/** Removes the database and all that SQLite put beside it. */
export async function removeFile(file: string): Promise<void> {
  await rm(join(file, '..'), { recursive: true, force: true });
}
