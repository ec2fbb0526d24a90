/** What these metrics and spans are the work of. */
export const SCOPE = 'nestjs-hedge';
