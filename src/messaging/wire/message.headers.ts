/** Texts that travel beside the data of a message, to trace it: W3C's `traceparent` and the like. */
export type MessageHeaders = Readonly<Record<string, string>>;

/** Characters of all names and values. W3C asks for 512 of `tracestate`, and each message carries them. */
const MAX_CHARACTERS = 4_096;
const MAX_HEADERS = 16;
const NAME = /^[\w.-]{1,64}$/;

/**
 * Picks the headers that may travel. Headers that would make them too large are left out, and so is anything that is no
 * header: other members may send anything.
 * @returns undefined when no header is left
 */
export function headersOf(given: unknown): MessageHeaders | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
  const kept: [string, string][] = [];
  let charactersLeft = MAX_CHARACTERS;
  for (const [name, value] of Object.entries(given)) {
    if (kept.length === MAX_HEADERS) break;
    if (typeof value !== 'string' || !NAME.test(name)) continue;
    const size = name.length + value.length;
    if (size > charactersLeft) continue;
    charactersLeft -= size;
    kept.push([name, value]);
  }
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}
