/** Waits until it has left: a process that exits takes with it what has not. */
export function written(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    // What fails is an event of the stream, and `main` listens.
    stream.write(text, () => resolve());
  });
}

export function writtenAsJson(value: object): Promise<void> {
  return written(process.stdout, jsonText(value));
}

/** JSON leaves some characters as they are that a terminal obeys. */
export function jsonText(value: object): string {
  const text = JSON.stringify(value, null, 2);
  return `${text.replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)}\n`;
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
