/** What a message on the topic may ask for. */
export type Command =
  | { readonly name: 'put'; readonly key: string; readonly value: string }
  | { readonly name: 'get'; readonly key: string }
  | { readonly name: 'send' | 'broadcast'; readonly text: string };

/** Characters of a message that are shown in a log line. */
const SHOWN = 200;

/** @throws Error what is wrong with it, in words for the log */
export function parseCommand(data: Uint8Array): Command {
  const text = decoded(data).trim();
  if (text === '') throw new Error(`An empty message: ${USAGE}`);
  const [, name, rest] = /^(\S+)\s*(.*)$/s.exec(text)!;
  const [, key, value] = /^(\S+)\s*(.*)$/s.exec(rest) ?? [];
  if (name === 'put' && value) return { name, key, value };
  if (name === 'get' && key && !value) return { name, key };
  if ((name === 'send' || name === 'broadcast') && rest) return { name, text: rest };
  throw new Error(`No command: ${quoted(text)}. ${USAGE}`);
}

const USAGE = 'Expected put <key> <value>, get <key>, send <text> or broadcast <text>';

/** On one line whatever is in it, so that nobody writes lines of their own into the log. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}

function decoded(data: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch (error) {
    throw new Error(`${data.length} bytes that are no text. ${USAGE}`, { cause: error });
  }
}
