/** @param script sh, as far as pages need it: quotes, comments, and lines that go on after a backslash */
export function commandsIn(script: string): string[] {
  const token = /\\\n|\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?<=^|\s)(#[^\n]*)|\n|[^]/g;
  const commands = [''];
  for (const [text, comment] of script.matchAll(token)) {
    if (text === '\n') commands.push('');
    else if (comment === undefined) commands[commands.length - 1] += text;
  }
  return commands.map((command) => command.trim()).filter(Boolean);
}
