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

/** The unary methods in use: what they take and what they answer. */
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

/** gRPC's own client for the service: one method, one request on the wire. */
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

/** So many calls in a row without an answer, and the connection is made anew. */
const SILENT_CALLS = 2;
/** ms; and not before it was silent for so long. */
const SILENT_TIME = 2_000;

/**
 * The gRPC connection to one database.
 *
 * It calls the stub beneath the package's generated client (the client finds credentials and endpoint, and its
 * `initialize()` gives the stub out), because every layer above it repeats requests by itself, and none can
 * cancel one.
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

  /** One request, one answer; rejects with gRPC's own error, or with the attempt's when that is over. */
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

  /** One request, the parts of the answer one by one. */
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
    // Saves writes a hop in a multi-region instance.
    if (toLeader) metadata.set('x-goog-spanner-route-to-leader', 'true');
    return metadata;
  }

  #heard(error: Error | null): void {
    const code = grpcCode(error);
    // gRPC says these by itself, without having heard anything from the server.
    if (code !== DEADLINE_EXCEEDED && code !== CANCELLED) this.#silentCalls = 0;
  }

  /**
   * Keepalive takes 25 s to notice that a flow was dropped on the way, longer than most leases. Calls that nobody
   * answers tell it sooner; a connection made anew costs a server that is merely slow little.
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
        // The old one stays; its next silence tries again.
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
  // Awaited before anything else is asked of the client: otherwise its failure is also an unhandled rejection.
  const stub = await client.initialize();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the package types it as functions of any kind
  return [client, stub as unknown as Stub];
}

/** A little after our own timer, which cancels the call: gRPC's is by the wall clock, and for when that jumps. */
function deadlineOf(attempt: Attempt): number {
  return Date.now() + attempt.remaining + 50;
}

function routingParameters(request: object): string {
  const [field, value] = Object.entries(request).find(([name]) => ROUTING_FIELDS.has(name)) ?? [];
  return field ? `${field}=${encodeURIComponent(String(value))}` : '';
}

const ROUTING_FIELDS: ReadonlySet<string> = new Set(['session', 'database', 'name']);
