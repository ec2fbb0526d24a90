import { setTimeout as delay } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { PubSub } from '@google-cloud/pubsub';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { CommandSubscription } from './command.subscription.js';
import { Commands } from './commands.js';
import { inTime } from './in-time.js';
import { Settings } from './settings.js';

/** ms */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;

/** Hears every command on the topic, by a subscription of its own, from the app's start to its shutdown. */
@Injectable()
export class CommandListener
  implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown
{
  readonly #logger = new Logger(CommandListener.name);
  readonly #closing = new AbortController();
  readonly #pubsub: PubSub;
  #subscription: CommandSubscription | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: Settings,
    private readonly commands: Commands,
    private readonly indicators: HealthIndicatorService,
  ) {
    this.#pubsub = new PubSub({ projectId: settings.project });
  }

  /** Not awaited: while Pub/Sub is away the app is a member all the same, and says so in `/health/ready`. */
  onApplicationBootstrap(): void {
    this.#ended = this.#listen();
  }

  /** Takes no new commands. Those that run may still ask the group: it serves until `onApplicationShutdown`. */
  onModuleDestroy(): void {
    this.#closing.abort();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#ended;
    await inTime(this.#pubsub.close()).catch(() => undefined);
  }

  isListening(key: string): HealthIndicatorResult {
    const check = this.indicators.check(key);
    if (this.#subscription) return check.up({ subscription: this.#subscription.name });
    return check.down({ message: `Not subscribed to ${this.settings.topic}` });
  }

  /** Subscribes again and again: somebody may delete the subscription or the topic, and Pub/Sub may be away. */
  async #listen(): Promise<void> {
    const { signal } = this.#closing;
    let pause = FIRST_PAUSE;
    while (!signal.aborted) {
      const since = performance.now();
      await this.#listenOnce(signal, pause);
      // What ended at once ends at once again, most likely.
      const lasted = performance.now() - since > LONGEST_PAUSE;
      await delay(pause, undefined, { signal }).catch(() => undefined);
      pause = lasted ? FIRST_PAUSE : Math.min(2 * pause, LONGEST_PAUSE);
    }
  }

  async #listenOnce(signal: AbortSignal, pause: number): Promise<void> {
    const subscription = new CommandSubscription(this.#pubsub, this.settings.topic);
    try {
      await subscription.create();
      this.#subscription = subscription;
      this.#logger.log(`Listens to ${this.settings.topic} by ${subscription.name}`);
      await subscription.consume((data) => this.commands.obey(data), signal);
    } catch (error) {
      if (!signal.aborted) this.#logger.warn(this.#complaint(error as Error, pause));
    }
    this.#subscription = undefined;
    await subscription.remove();
  }

  #complaint({ message }: Error, pause: number): string {
    return `Hears no commands from ${this.settings.topic}, and tries again in ${pause} ms: ${message}`;
  }
}
