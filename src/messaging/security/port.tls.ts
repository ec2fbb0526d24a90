import type { ConnectionOptions, TlsOptions } from 'node:tls';

/** The options of Node's `tls` with which both ends of a connection authenticate each other. */
export interface PortSecurity {
  readonly server: TlsOptions;
  readonly client: ConnectionOptions;
}
