import type { Readable } from 'node:stream';
import type { protos } from '@google-cloud/spanner';
import { grpcCode } from './grpc.error.js';
import { NoAnswerError, type Attempt } from './spanner.attempt.js';
import type { GrpcMetadata, SpannerPackage } from './spanner.package.js';
import type { SpannerTarget } from './spanner.target.js';

type V1 = typeof protos.google.spanner.v1;
type Message<Name extends keyof V1> = V1[Name] extends { create(properties?: infer P): unknown }
  ? NonNullable<P>
  : never;

/** The unary methods in use, with their requests and answers. */
interface Unary {
  createSession: [Message<'CreateSessionRequest'>, Message<'Session'>];
  deleteSession: [Message<'DeleteSessionRequest'>, object];
  executeSql: [Message<'ExecuteSqlRequest'>, Message<'ResultSet'>];
  read: [Message<'ReadRequest'>, Message<'ResultSet'>];
  commit: [Message<'CommitRequest'>, Message<'CommitResponse'>];
  rollback: [Message<'RollbackRequest'>, object];
}

/** The streaming methods in use. */
interface Streaming {
  executeStreamingSql: Message<'ExecuteSqlRequest'>;
  streamingRead: Message<'ReadRequest'>;
}

interface Cancellable {
  cancel(): void;
}

/** gRPC's own client for the service: each call of a method is a single request on the wire. */
interface Stub {
  [method: string]: (
    request: object,
    metadata: GrpcMetadata,
    options: { deadline: number },
    callback?: (error: Error | null, response?: object) => void,
  ) => Cancellable & Readable;
}

interface GeneratedClient {
  initialize(): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** After this number of calls in a row without an answer, the store makes a new connection. */
const SILENT_CALLS = 2;
/** ms. The connection must also be silent for this time. */
const SILENT_TIME = 2_000;

/**
 * The gRPC connection to a database.
 *
 * It calls the stub below the package's generated client, because every layer above the stub repeats requests on its
 * own, and none can cancel a request. The client finds credentials and endpoint, and its `initialize()` returns the
 * stub.
 *
 * @internal
 */
export class SpannerConnection {
  #client: GeneratedClient;
  #stub: Stub;
  #silentCalls = 0;
  #silentSince = 0;
  #isClosed = false;

  private constructor(
    private readonly spannerPackage: SpannerPackage,
    readonly target: SpannerTarget,
    client: GeneratedClient,
    stub: Stub,
  ) {
    this.#client = client;
    this.#stub = stub;
  }

  static async open(
    spannerPackage: SpannerPackage,
    target: SpannerTarget,
  ): Promise<SpannerConnection> {
    const [client, stub] = await connect(spannerPackage, target);
    return new SpannerConnection(spannerPackage, target, client, stub);
  }

  /**
   * A request with a single answer. Rejects with gRPC's own error, or with that of the attempt when the attempt is
   * over.
   */
  call<M extends keyof Unary>(
    method: M,
    request: Unary[M][0],
    attempt: Attempt,
  ): Promise<Unary[M][1]> {
    const sentAt = performance.now();
    let call: Cancellable | undefined;
    const answer = new Promise<Unary[M][1]>((resolve, reject) => {
      call = this.#stub[method](
        request,
        this.#metadata(request, LEADER_METHODS.has(method)),
        { deadline: deadlineOf(attempt) },
        (error, response) => {
          this.#heard(error);
          if (error) reject(error);
          else resolve(response!);
        },
      );
    });
    return attempt.settle(answer, (reason) => {
      this.#unheard(reason, sentAt);
      call?.cancel();
    });
  }

  /** A request whose answer comes in parts. */
  stream<M extends keyof Streaming>(
    method: M,
    request: Streaming[M],
    attempt: Attempt,
    onPart: (part: Message<'PartialResultSet'>) => void,
  ): Promise<void> {
    const sentAt = performance.now();
    let call: (Cancellable & Readable) | undefined;
    const answer = new Promise<void>((resolve, reject) => {
      call = this.#stub[method](request, this.#metadata(request, false), {
        deadline: deadlineOf(attempt),
      });
      call.on('error', (error) => {
        this.#heard(error);
        reject(error);
      });
      call.on('data', (part: Message<'PartialResultSet'>) => {
        this.#heard(null);
        onPart(part);
      });
      call.on('end', resolve);
    });
    return attempt.settle(answer, (reason) => {
      this.#unheard(reason, sentAt);
      call?.cancel();
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#client.close();
  }

  #metadata(request: object, toLeader: boolean): GrpcMetadata {
    const metadata = new this.spannerPackage.grpc.Metadata();
    const { path } = this.target.name;
    metadata.set('google-cloud-resource-prefix', path);
    metadata.set('x-goog-request-params', routingParameters(request));
    // Saves a hop for writes in a multi-region instance.
    if (toLeader) metadata.set('x-goog-spanner-route-to-leader', 'true');
    return metadata;
  }

  #heard(error: Error | null): void {
    const code = grpcCode(error);
    // gRPC makes these codes itself, without an answer of the server.
    if (code !== DEADLINE_EXCEEDED && code !== CANCELLED) this.#silentCalls = 0;
  }

  /**
   * Keepalive notices a dropped connection after 25 s, which is longer than most leases. Calls without an answer show
   * it sooner. If the server is only slow, a new connection costs it little.
   */
  #unheard(reason: Error, sentAt: number): void {
    if (!(reason instanceof NoAnswerError)) return;
    if (this.#silentCalls === 0) this.#silentSince = sentAt;
    this.#silentCalls += 1;
    if (this.#silentCalls < SILENT_CALLS) return;
    if (performance.now() - this.#silentSince < SILENT_TIME) return;
    this.#silentCalls = 0;
    connect(this.spannerPackage, this.target)
      .then(
        ([client, stub]) => {
          if (this.#isClosed) return client.close();
          const silent = this.#client;
          this.#client = client;
          this.#stub = stub;
          return silent.close();
        },
        // The old connection stays, and its next silence tries again.
      )
      .catch(() => undefined);
  }
}

const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;

const LEADER_METHODS: ReadonlySet<string> = new Set([
  'createSession',
  'executeSql',
  'commit',
  'rollback',
]);

async function connect(
  { spanner }: SpannerPackage,
  { options }: SpannerTarget,
): Promise<[GeneratedClient, Stub]> {
  const client = new spanner.v1.SpannerClient(options);
  // Awaited before any other use of the client. Otherwise its failure is also an unhandled rejection.
  const stub = await client.initialize();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package types it as functions of any kind
  return [client, stub as unknown as Stub];
}

/** A little after our own timer, which cancels the call. gRPC's deadline uses the wall clock, which may jump. */
function deadlineOf(attempt: Attempt): number {
  return Date.now() + attempt.remaining + 50;
}

function routingParameters(request: object): string {
  const [field, value] = Object.entries(request).find(([name]) => ROUTING_FIELDS.has(name)) ?? [];
  return field ? `${field}=${encodeURIComponent(String(value))}` : '';
}

const ROUTING_FIELDS: ReadonlySet<string> = new Set(['session', 'database', 'name']);
