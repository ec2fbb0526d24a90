/** Whether a value from another member is a fencing token. Tokens travel as decimal text: JSON knows no bigint. */
export function isTokenText(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}
