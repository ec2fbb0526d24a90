import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';

/**
 * A network of its own, in namespaces of this machine's kernel: hosts that reach each other and nothing else, between
 * which packets can be made to vanish without a word. Needs root and the `ip` command.
 */
export class NetworkNamespaces implements Disposable {
  static #count = 0;
  readonly #name = `hg${process.pid % 100_000}-${NetworkNamespaces.#count++}`;
  readonly #hosts: NetworkHost[] = [];

  constructor() {
    ip('link', 'add', this.#name, 'type', 'bridge');
    ip('link', 'set', this.#name, 'up');
  }

  addHost(): NetworkHost {
    const number = this.#hosts.length + 1;
    const host: NetworkHost = { namespace: `${this.#name}.${number}`, address: `10.0.0.${number}` };
    const { namespace } = host;
    ip('netns', 'add', namespace);
    this.#hosts.push(host);
    // Its other end goes by the name of the namespace.
    ip('link', 'add', namespace, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    ip('link', 'set', namespace, 'master', this.#name, 'up');
    for (const link of ['lo', 'eth0']) ip('-n', namespace, 'link', 'set', link, 'up');
    ip('-n', namespace, 'address', 'add', `${host.address}/24`, 'dev', 'eth0');
    return host;
  }

  /** Nothing gets through between them any more, in either direction. */
  cut(one: NetworkHost, other: NetworkHost): void {
    // To a hardware address that nobody has.
    neighbour('replace', one, other, 'lladdr', '02:00:00:00:00:00', 'nud', 'permanent');
    neighbour('replace', other, one, 'lladdr', '02:00:00:00:00:00', 'nud', 'permanent');
  }

  isolate(host: NetworkHost): void {
    for (const other of this.#others(host)) this.cut(host, other);
  }

  /** Whatever was cut off from the host gets through again. */
  heal(host: NetworkHost): void {
    for (const other of this.#others(host)) {
      neighbour('flush', host, other);
      neighbour('flush', other, host);
    }
  }

  [Symbol.dispose](): void {
    for (const { namespace } of this.#hosts) {
      // The kernel keeps a namespace, and its end of the link, until its last socket has timed out.
      ip('link', 'del', namespace);
      ip('netns', 'del', namespace);
    }
    ip('link', 'del', this.#name);
  }

  #others(host: NetworkHost): NetworkHost[] {
    return this.#hosts.filter((other) => other !== host);
  }
}

export interface NetworkHost {
  readonly namespace: string;
  readonly address: string;
}

/** For `describe.skipIf`: says so once where there can be none. */
export const noNetwork = !canMakeNetworks();

function canMakeNetworks(): boolean {
  try {
    new NetworkNamespaces()[Symbol.dispose]();
    return true;
  } catch {
    process.stderr.write(
      'Tests with network partitions are skipped: they need root and `ip` (Debian: iproute2).\n',
    );
    return false;
  }
}

function neighbour(
  change: 'replace' | 'flush',
  from: NetworkHost,
  to: NetworkHost,
  ...rest: string[]
): void {
  const nud = change === 'flush' ? ['nud', 'permanent'] : [];
  ip('-n', from.namespace, 'neigh', change, 'to', to.address, 'dev', 'eth0', ...nud, ...rest);
}

function ip(...args: string[]): void {
  const options: ExecFileSyncOptions = { stdio: ['ignore', 'ignore', 'pipe'] };
  execFileSync('ip', args, options);
}
