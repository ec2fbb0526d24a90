import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const HOW_TO_GET_IT =
  'No Chromium: the test of the demo page is skipped. Install it (Debian: chromium), or name it in CHROMIUM.\n';

/** The path of a Chromium that is installed. Without any: `undefined` and one line on stderr; with `CI=true` an error. */
export function findChromium(): string | undefined {
  const given = process.env['CHROMIUM'];
  if (given) return given;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
  if (found) return found;
  if (process.env['CI'] === 'true') throw new Error(HOW_TO_GET_IT);
  process.stderr.write(HOW_TO_GET_IT);
  return undefined;
}

/** As root, as in containers, Chromium runs without its sandbox or not at all. */
export function launchChromium(path: string): Promise<Browser> {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: path, args });
}
