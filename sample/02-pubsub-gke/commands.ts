import { Injectable, Logger } from '@nestjs/common';
import { HedgeError, HedgeService } from 'nestjs-hedge';
import { parseCommand, quoted, type Command } from './command.js';

/** Does what messages ask for, and says in the log what came of it. */
@Injectable()
export class Commands {
  readonly #logger = new Logger(Commands.name);

  constructor(private readonly hedge: HedgeService) {}

  /** Never rejects: whatever is wrong with a message, there is nobody to send it back to. */
  async obey(data: Uint8Array): Promise<void> {
    let command: Command;
    try {
      command = parseCommand(data);
    } catch (error) {
      this.#logger.warn((error as Error).message);
      return;
    }
    try {
      this.#logger.log(this.#line(command, await this.#run(command)));
    } catch (error) {
      const code = error instanceof HedgeError ? error.code : 'failed';
      this.#logger.warn(this.#line(command, `${code}: ${(error as Error).message}`));
    }
  }

  /** @returns what came of it */
  async #run(command: Command): Promise<string> {
    switch (command.name) {
      case 'put': {
        // Every pod gets every message, so a put arrives three times: three versions of the key, all by the leader's hand.
        const { timestamp } = await this.hedge.put(command.key, command.value);
        return `written at ${timestamp}`;
      }
      case 'get': {
        const entry = await this.hedge.get(command.key);
        return entry
          ? `${quoted(entry.value)}, written at ${entry.timestamp} by ${entry.leader}`
          : 'nothing was put under it yet';
      }
      case 'send':
        // Idempotent: the handler may well be called twice, so a leader that dies is no failure.
        return this.hedge.send('send', command.text, { idempotent: true });
      case 'broadcast': {
        const replies = await this.hedge.broadcast<string>('broadcast', command.text);
        return replies
          .map((one) => ('error' in one ? `${one.member}: ${one.error.code}` : one.reply))
          .join('; ');
      }
    }
  }

  #line(command: Command, outcome: string): string {
    const { name, ...args } = command;
    const words = Object.values(args).map(quoted);
    const role = this.hedge.isLeader() ? 'leader' : 'follower';
    return `[${role}] ${name} ${words.join(' ')} → ${outcome}`;
  }
}
