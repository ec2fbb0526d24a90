/** The name and version of the library that makes these metrics and spans. */
export const SCOPE = 'nestjs-hedge';
