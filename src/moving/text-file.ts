import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

const OWNER_ONLY = 0o600;
/** Some system calls for many lines, instead of one for each. */
const CHUNK_LENGTH = 65_536;

/** The file that was named cannot be used; the message says which and why. */
export class FileError extends Error {
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`the file ${path} ${reason}`, options);
    this.name = 'FileError';
  }
}

/**
 * Writes lines to a file that only its owner may read, and to the disk before it resolves. Throws `FileError` when the file is there
 * already, or cannot be written; when anything goes wrong nothing is left of it.
 */
export async function writeLines(path: string, lines: AsyncIterable<string>): Promise<void> {
  const file = await open(path, 'wx', OWNER_ONLY).catch((cause) => {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw new FileError(path, exists ? 'is there already, and nothing is overwritten' : 'cannot be made', { cause });
  });
  try {
    await pipeline(joinLines(lines), file.createWriteStream({ flush: true }));
  } catch (error) {
    await rm(path);
    throw error instanceof Error && 'syscall' in error
      ? new FileError(path, 'cannot be written', { cause: error })
      : error;
  }
}

/** The lines of a file, of which only the one at hand and the next few are in memory. Throws `FileError` when it cannot be read. */
export async function* readLines(path: string): AsyncGenerator<string> {
  // Not node:readline: for that a line ends at U+2028 too, which JSON lets stand in a text.
  let rest = '';
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (cause) {
    throw new FileError(path, 'cannot be read', { cause });
  }
  if (rest !== '') yield rest;
}

async function* joinLines(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let text = '';
  for await (const line of lines) {
    text += `${line}\n`;
    if (text.length < CHUNK_LENGTH) continue;
    yield text;
    text = '';
  }
  yield text;
}
