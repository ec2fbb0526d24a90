import type { ConnectionOptions, TlsOptions } from 'node:tls';

/** How both ends of a connection make sure of each other, for Node's `tls`. */
export interface PortSecurity {
  readonly server: TlsOptions;
  readonly client: ConnectionOptions;
}
