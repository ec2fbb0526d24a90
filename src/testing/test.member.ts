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
import type { TestPlace } from './test.place.js';

@Module({})
class TestMemberModule {}

/** Another member of the group, in the same process: a real one that has no app, and does what the spec says. */
export class TestMember {
  /** The `host:port` that members know it by. */
  readonly id: string;
  /** To put, send, broadcast as this member. */
  readonly hedge: HedgeService;
  /** To hold locks as this member: `tryAcquire` of the app then finds them taken. */
  readonly locks: LockService;
  readonly #handlers: ScriptedHandlers;
  #isGone = false;

  private constructor(
    private readonly app: INestApplicationContext,
    private readonly group: TestGroup<TestMember>,
    private readonly place: TestPlace,
  ) {
    this.hedge = app.get(HedgeService, { strict: false });
    this.locks = app.get(LockService, { strict: false });
    this.#handlers = app.get(ScriptedHandlers);
    this.id = this.hedge.id;
  }

  /** @internal */
  static async start(
    group: TestGroup<TestMember>,
    place: TestPlace,
    options: HedgeModuleOptions,
    providers: readonly Provider[],
  ): Promise<TestMember> {
    const module = {
      module: TestMemberModule,
      imports: [HedgeModule.forRoot(options)],
      providers: [ScriptedHandlers, ...providers],
    };
    const app = await NestFactory.createApplicationContext(module, { abortOnError: false });
    const member = new TestMember(app, group, place);
    group.others.add(member);
    return member;
  }

  /** Whether it leads now. */
  get isLeader(): boolean {
    return this.place.leads;
  }

  /** @internal */
  get isCandidate(): boolean {
    return this.place.member?.options.candidate ?? false;
  }

  /** What it answers when it leads and is sent this. The last one given counts. */
  onLeaderMessage(pattern: Pattern, answer: TestAnswer): this {
    this.#handlers.answerAsLeader(pattern, answer);
    return this;
  }

  /** What it answers to a broadcast. The last one given counts. */
  onBroadcast(pattern: Pattern, answer: TestAnswer): this {
    this.#handlers.answerBroadcast(pattern, answer);
    return this;
  }

  /**
   * Resolves when it leads, and all members know. Whoever led has given leadership back.
   * @throws HedgeError `NOT_RUNNING`, `INVALID_OPTIONS` where it is no candidate
   */
  async lead(): Promise<void> {
    if (this.#isGone) throw new HedgeError('NOT_RUNNING', MEMBER_GONE(this.id));
    await this.group.elect(this.place);
  }

  /** It shuts down: gives back what it holds, and says goodbye. */
  async leave(): Promise<void> {
    if (this.#isGone) return;
    this.#isGone = true;
    this.group.others.delete(this);
    await this.app.close();
    await this.group.time.settle();
  }

  /** It dies without a word. What it holds is free once its lease has run out: `advance()` so long. */
  async crash(): Promise<void> {
    if (this.#isGone) return;
    this.#isGone = true;
    this.group.others.delete(this);
    this.place.crash();
    await this.group.time.settle();
  }
}
