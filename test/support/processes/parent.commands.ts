/** What a test asks a process it started to do. */
export interface Command {
  readonly id: number;
  readonly method: string;
  readonly args: unknown[];
}

/** Runs what comes over the IPC channel, and answers. The channel alone does not keep the process alive. */
export function answerCommands(
  run: (method: string, args: readonly unknown[]) => Promise<unknown>,
): void {
  process.on('message', ({ id, method, args }: Command) => {
    const answer = (reply: object) => process.connected && process.send?.({ id, ...reply });
    run(method, args).then(
      (result) => answer({ result }),
      (error: Error) => answer({ error: { code: codeOf(error), message: error.message } }),
    );
  });
  process.channel?.unref();
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
