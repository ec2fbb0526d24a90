import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { hostname } from 'node:os';
import {
  Duration,
  SubscriptionCloseBehaviors,
  type Message,
  type PubSub,
  type Subscription,
} from '@google-cloud/pubsub';
import { inTime, TIMEOUT } from './in-time.js';

/** One attempt, in place of the library's own retries of minutes. */
const ONCE = { timeout: TIMEOUT, retry: null };
/** s; the least there is. What a pod leaves that is killed, Pub/Sub deletes after so long. */
const A_DAY = 86_400;
/** Commands that run at once in a pod. */
const AT_ONCE = 10;
/** Ids of messages that are known again. */
const REMEMBERED = 1_000;

/** A subscription of this process alone: by one that is shared, each message would reach one pod only. */
export class CommandSubscription {
  readonly #subscription: Subscription;
  readonly #handled = new Set<string>();

  constructor(pubsub: PubSub, topic: string) {
    // In Kubernetes the hostname is the pod's name; a container that is restarted in it is another process.
    const name = `hedge-${hostname().replaceAll(/[^\w-]/g, '-')}-${randomBytes(4).toString('hex')}`;
    this.#subscription = pubsub.topic(topic).subscription(name, {
      flowControl: { maxMessages: AT_ONCE, allowExcessMessages: false },
      closeOptions: {
        behavior: SubscriptionCloseBehaviors.WaitForProcessing,
        timeout: Duration.from({ milliseconds: TIMEOUT - 500 }),
      },
    });
    // An event without a listener would end the process; consume() has its own, and there may be more than one error.
    this.#subscription.on('error', () => undefined);
  }

  get name(): string {
    return this.#subscription.name;
  }

  async create(): Promise<void> {
    const creation = this.#subscription.create({
      expirationPolicy: { ttl: { seconds: A_DAY } },
      // What waits for a pod that is gone is of no use to anybody.
      messageRetentionDuration: 600,
      gaxOpts: ONCE,
    });
    await inTime(creation);
  }

  /** Ends when the signal is aborted. @throws Error when the subscription is gone */
  async consume(handle: (data: Uint8Array) => Promise<void>, signal: AbortSignal): Promise<void> {
    this.#subscription.on('message', (message) => void this.#take(message, handle));
    await once(this.#subscription, 'close', { signal });
    throw new Error('The subscription was closed');
  }

  /** Lets commands that run end, and deletes it. Never rejects: what cannot be deleted expires. */
  async remove(): Promise<void> {
    await inTime(this.#subscription.close()).catch(() => undefined);
    // It fails where somebody else deleted it, where it was never made, and where Pub/Sub is away.
    await inTime(this.#subscription.delete(ONCE)).catch(() => undefined);
  }

  /** Acknowledged once it is handled. One that comes again, for Pub/Sub delivers at least once, is not handled again. */
  async #take(message: Message, handle: (data: Uint8Array) => Promise<void>): Promise<void> {
    if (!this.#handled.has(message.id)) {
      this.#handled.add(message.id);
      if (this.#handled.size > REMEMBERED) {
        const [oldest] = this.#handled;
        this.#handled.delete(oldest);
      }
      await handle(message.data);
    }
    message.ack();
  }
}
