/** Waits until it has left: a process that exits takes with it what has not. */
export function written(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    // What fails is an event of the stream, and `main` listens.
    stream.write(text, () => resolve());
  });
}

export function writtenAsJson(value: object): Promise<void> {
  return written(process.stdout, `${JSON.stringify(value, null, 2)}\n`);
}
