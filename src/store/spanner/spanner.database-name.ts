/** A database name, taken apart. */
export interface SpannerDatabaseName {
  readonly project: string;
  readonly instance: string;
  readonly database: string;
  /** The whole of it. */
  readonly path: string;
}
