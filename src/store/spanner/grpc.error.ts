/** The status code, or `undefined` for an error that is not from gRPC. */
export function grpcCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}

/** The text of the error: the server's own, if there is one. */
export function grpcReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = 'details' in error ? error.details : undefined;
  return typeof details === 'string' && details !== '' ? details : error.message;
}
