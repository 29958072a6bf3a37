import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import { pino } from 'pino';
import { type Clock, systemClock } from './clock.ts';
import { LineOutput } from './line-output.ts';
import { cleanseFields, cleanseText, type LogFields } from './log-fields.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Where finished lines go. */
export interface LogDestination {
  write(line: string): void;
  /** For one that buffers: resolves when everything so far is written, or cannot be. */
  flush?(): Promise<void>;
}

/** Writes what happened, one line each. Fields named like secrets are redacted; the message is a fixed text, never input. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger whose every line has these fields too. */
  child(fields: LogFields): Logger;
  /** Resolves when all lines so far are handed to the operating system; also done when the process exits. */
  flush(): Promise<void>;
}

interface LoggerOptions {
  readonly level: LogLevel;
  /** `pretty` is for people; where its package is not installed it is `json`. */
  readonly format: 'json' | 'pretty';
  readonly clock?: Clock;
  /** Standard output, buffered, unless given. */
  readonly destination?: LogDestination;
}

/** Makes the logger of the process; line times are the clock's. */
export function createLogger(options: LoggerOptions): Logger {
  const { level, format, clock = systemClock, destination = openStandardOutput(clock) } = options;
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      messageKey: 'message',
      timestamp: () => `,"time":"${clock.now().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    format === 'pretty' ? prettify(destination) : destination,
  );
  return new PinoLogger(logger, destination);
}

class PinoLogger implements Logger {
  readonly #pino: pino.Logger;
  readonly #destination: LogDestination;

  constructor(logger: pino.Logger, destination: LogDestination) {
    this.#pino = logger;
    this.#destination = destination;
  }

  debug(fields: LogFields, message: string): void {
    if (this.#pino.isLevelEnabled('debug')) this.#pino.debug(cleanseFields(fields), cleanseText(message));
  }

  info(fields: LogFields, message: string): void {
    if (this.#pino.isLevelEnabled('info')) this.#pino.info(cleanseFields(fields), cleanseText(message));
  }

  warn(fields: LogFields, message: string): void {
    this.#pino.warn(cleanseFields(fields), cleanseText(message));
  }

  error(fields: LogFields, message: string): void {
    this.#pino.error(cleanseFields(fields), cleanseText(message));
  }

  child(fields: LogFields): Logger {
    return new PinoLogger(this.#pino.child(cleanseFields(fields)), this.#destination);
  }

  async flush(): Promise<void> {
    await this.#destination.flush?.();
  }
}

/** What is still in its buffer when the process exits is written then. */
function openStandardOutput(clock: Clock): LogDestination {
  const output = new LineOutput({
    fileDescriptor: 1,
    isShared: process.send !== undefined, // a worker writes to where the process writes that has started it
    describeDropped: (dropped) => {
      const time = clock.now();
      const line = { level: 'warn', time, dropped, message: 'log lines were dropped: the output stood still' };
      return `${JSON.stringify(line)}\n`;
    },
  });
  process.once('exit', () => output.flushSync());
  return output;
}

/** Puts the package for people in between, where it is installed. */
function prettify(destination: LogDestination): LogDestination {
  try {
    const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty'); // require has no types
    const format = prettyFactory({ messageKey: 'message', ignore: 'pid', singleLine: true, colorize: isatty(1) });
    return { write: (line) => destination.write(format(line)) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return destination;
    throw error;
  }
}
