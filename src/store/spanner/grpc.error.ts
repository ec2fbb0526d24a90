/** The status code; `undefined` for an error that is not gRPC's. */
export function grpcCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'number' ? error.code : undefined;
}

/** What it says, in the server's own words where there are any. */
export function grpcReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = 'details' in error ? error.details : undefined;
  return typeof details === 'string' && details !== '' ? details : error.message;
}
