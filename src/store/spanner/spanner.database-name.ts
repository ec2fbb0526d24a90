/** The parts of a database name. */
export interface SpannerDatabaseName {
  readonly project: string;
  readonly instance: string;
  readonly database: string;
  /** The whole name. */
  readonly path: string;
}
