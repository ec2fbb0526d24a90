/** Resolves when the text has left the process. An exit would lose the rest of it. */
export function written(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    // A failure is an event of the stream, and `main` listens to it.
    stream.write(text, () => resolve());
  });
}

export function writtenAsJson(value: object): Promise<void> {
  return written(process.stdout, jsonText(value));
}

/** Escapes characters that JSON leaves as they are and that a terminal obeys. */
export function jsonText(value: object): string {
  const text = JSON.stringify(value, null, 2);
  return `${text.replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)}\n`;
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
