/** Whether this is a fencing token as it travels, in decimal: a bigint has no JSON, and what others send is checked. */
export function isTokenText(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}
