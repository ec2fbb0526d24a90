import { Module, type INestApplicationContext, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HedgeError } from '../errors/index.js';
import { HedgeModule } from '../hedge.module.js';
import type { HedgeModuleOptions } from '../hedge.options.js';
import { HedgeService } from '../hedge.service.js';
import { LockService } from '../lock/index.js';
import type { Pattern } from '../handlers/index.js';
import { MEMBER_GONE } from './testing.messages.js';
import { ScriptedHandlers, type TestAnswer } from './scripted.handlers.js';
import type { TestGroup } from './test.group.js';
import type { TestSurroundings } from './test.surroundings.js';

@Module({})
class TestMemberModule {}

/** Another member of the group in the same process. It is a real member without an app, and the spec controls it. */
export class TestMember {
  /** The `host:port` of this member. */
  readonly id: string;
  /** Puts, sends and broadcasts as this member. */
  readonly hedge: HedgeService;
  /** Holds locks as this member. `tryAcquire` of the app then finds them taken. */
  readonly locks: LockService;
  readonly #handlers: ScriptedHandlers;
  #isGone = false;

  private constructor(
    private readonly app: INestApplicationContext,
    private readonly group: TestGroup<TestMember>,
    private readonly surroundings: TestSurroundings,
  ) {
    this.hedge = app.get(HedgeService, { strict: false });
    this.locks = app.get(LockService, { strict: false });
    this.#handlers = app.get(ScriptedHandlers);
    this.id = this.hedge.id;
  }

  /** @internal */
  static async start(
    group: TestGroup<TestMember>,
    surroundings: TestSurroundings,
    options: HedgeModuleOptions,
    providers: readonly Provider[],
  ): Promise<TestMember> {
    const module = {
      module: TestMemberModule,
      imports: [HedgeModule.forRoot(options)],
      providers: [ScriptedHandlers, ...providers],
    };
    const app = await NestFactory.createApplicationContext(module, { abortOnError: false });
    const member = new TestMember(app, group, surroundings);
    group.others.add(member);
    return member;
  }

  /** Whether this member leads now. */
  get isLeader(): boolean {
    return this.surroundings.leads;
  }

  /** @internal */
  get isCandidate(): boolean {
    return this.surroundings.member?.options.candidate ?? false;
  }

  /** Sets the answer to a message while this member leads. A later answer replaces it. */
  onLeaderMessage(pattern: Pattern, answer: TestAnswer): this {
    this.#handlers.answerAsLeader(pattern, answer);
    return this;
  }

  /** Sets the answer to a broadcast. A later answer replaces it. */
  onBroadcast(pattern: Pattern, answer: TestAnswer): this {
    this.#handlers.answerBroadcast(pattern, answer);
    return this;
  }

  /**
   * Resolves when this member leads and all members know it. The leader before it steps down.
   * @throws HedgeError `NOT_RUNNING`, `INVALID_OPTIONS` if this member is not a candidate
   */
  async lead(): Promise<void> {
    if (this.#isGone) throw new HedgeError('NOT_RUNNING', MEMBER_GONE(this.id));
    await this.group.elect(this.surroundings);
  }

  /** Shuts this member down. It releases everything that it holds, and tells the group. */
  async leave(): Promise<void> {
    if (this.#isGone) return;
    this.#isGone = true;
    this.group.others.delete(this);
    await this.app.close();
    await this.group.time.settle();
  }

  /**
   * Kills this member without notice. Everything that it holds is free when its lease ends: `advance()` by the lease.
   */
  async crash(): Promise<void> {
    if (this.#isGone) return;
    this.#isGone = true;
    this.group.others.delete(this);
    this.surroundings.crash();
    await this.group.time.settle();
  }
}
