import type { LoggerService } from '@nestjs/common';

export interface LogLine {
  readonly level: 'log' | 'warn' | 'error' | 'fatal' | 'debug' | 'verbose';
  readonly text: string;
}

/** Nest's logger for tests: silent, and it remembers. Nest has one logger per process, so there is one of these. */
class RecordedLogs implements LoggerService {
  lines: LogLine[] = [];

  log = this.#recorder('log');
  warn = this.#recorder('warn');
  error = this.#recorder('error');
  fatal = this.#recorder('fatal');
  debug = this.#recorder('debug');
  verbose = this.#recorder('verbose');

  /** Everything said at this level, with stacks and contexts. */
  at(level: LogLine['level']): string[] {
    return this.lines.filter((line) => line.level === level).map(({ text }) => text);
  }

  clear(): void {
    this.lines = [];
  }

  #recorder(level: LogLine['level']): (...parts: unknown[]) => void {
    return (...parts) => {
      this.lines.push({ level, text: parts.map(String).join(' | ') });
    };
  }
}

export const logs = new RecordedLogs();
