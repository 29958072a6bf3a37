import { write, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';

const writeBytes = promisify(write);

const FLUSH_AT_CHARACTERS = 16_384;
const FLUSH_AFTER_MILLISECONDS = 500;
/** How much waits for an output that stands still or is broken. */
const MAX_WAITING_CHARACTERS = 1_048_576;
/** What a pipe takes whole or not at all (PIPE_BUF of pipe(7)). */
const PIPE_BYTES = 4096;
const SYNC_PAUSE_MILLISECONDS = 10;
const SYNC_TRIES = 100;

interface Options {
  readonly fileDescriptor: number;
  /** Other processes write to it too. */
  readonly isShared: boolean;
  /** The line that says how many were dropped. */
  readonly describeDropped: (count: number) => string;
}

/**
 * Writes lines to a file descriptor in the background, in batches and in order. An output that stands still or is broken
 * never stops the process: 1 MiB of lines waits for it, what comes then is dropped, and a line says later how much. Where other processes
 * write to it too, smaller batches keep each line whole.
 */
export class LineOutput {
  readonly #fileDescriptor: number;
  readonly #describeDropped: (count: number) => string;
  readonly #isShared: boolean;
  #lines: string[] = [];
  #waitingCharacters = 0;
  /** What is being written, or what the last try could not write. */
  #chunk: Uint8Array = Buffer.alloc(0);
  #dropped = 0;
  #flushing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ fileDescriptor, isShared, describeDropped }: Options) {
    this.#fileDescriptor = fileDescriptor;
    this.#isShared = isShared;
    this.#describeDropped = describeDropped;
  }

  /** Takes a line that ends in a line break. */
  write(line: string): void {
    if (this.#waitingCharacters + this.#chunk.length + line.length > MAX_WAITING_CHARACTERS) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#waitingCharacters += line.length;
    if (this.#waitingCharacters >= FLUSH_AT_CHARACTERS && this.#chunk.length === 0) void this.flush();
    else this.#flushLater();
  }

  /** Resolves when everything so far is written, or cannot be written now. */
  flush(): Promise<void> {
    this.#flushing ??= this.#writeAll();
    return this.#flushing;
  }

  /** Writes everything before it returns, for a process that is about to end. Gives up on a broken output. */
  flushSync(): void {
    if (this.#flushing) {
      pause(SYNC_PAUSE_MILLISECONDS); // the thread that has the chunk finishes it meanwhile
      this.#chunk = Buffer.alloc(0);
    }
    for (let tries = 0; tries < SYNC_TRIES && this.#takeChunk(); ) {
      try {
        this.#chunk = this.#chunk.subarray(writeSync(this.#fileDescriptor, this.#chunk));
      } catch (error) {
        if (!isFullForNow(error)) return;
        tries += 1;
        pause(SYNC_PAUSE_MILLISECONDS);
      }
    }
  }

  async #writeAll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await setImmediate(); // lines of one turn of the event loop go together
    try {
      while (this.#takeChunk()) {
        const { bytesWritten } = await writeBytes(this.#fileDescriptor, this.#chunk);
        this.#chunk = this.#chunk.subarray(bytesWritten);
      }
    } catch {
      this.#flushLater(); // the only place to report it to is the one that is broken
    } finally {
      this.#flushing = undefined;
    }
  }

  /** Fills the chunk if it is used up; false when there is nothing to write. */
  #takeChunk(): boolean {
    if (this.#chunk.length > 0) return true;
    if (this.#dropped > 0) this.#lines.push(this.#describeDropped(this.#dropped));
    this.#dropped = 0;
    const text = this.#lines.splice(0, this.#isShared ? this.#countWhole() : this.#lines.length).join('');
    this.#waitingCharacters = Math.max(0, this.#waitingCharacters - text.length);
    this.#chunk = Buffer.from(text);
    return this.#chunk.length > 0;
  }

  /** How many of the next lines, but at least one, a pipe takes in one piece. */
  #countWhole(): number {
    let bytes = 0;
    const end = this.#lines.findIndex((line, index) => {
      bytes += Buffer.byteLength(line);
      return index > 0 && bytes > PIPE_BYTES;
    });
    return end < 0 ? this.#lines.length : end;
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MILLISECONDS).unref();
  }
}

function isFullForNow(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
