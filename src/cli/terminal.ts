import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';

/** Where a command reads and writes. */
export interface Terminal {
  /** Whether a person is there to answer. */
  readonly interactive: boolean;
  /** Writes a result. */
  write(text: string): void;
  /** Writes a remark or an error beside the result. */
  remark(text: string): void;
  /** Everything on standard input. */
  readAll(): Promise<string>;
  /** Asks the person; only yes is yes. */
  confirm(question: string): Promise<boolean>;
}

/** The streams of this process. */
export function openProcessTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  return {
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    write: (result) => void stdout.write(`${result}\n`),
    remark: (remark) => void stderr.write(`${remark}\n`),
    readAll: () => text(stdin),
    confirm: async (question) => {
      const reader = createInterface({ input: stdin, output: stderr });
      try {
        const answer = await reader.question(`${question} [y/N] `);
        return /^y(es)?$/i.test(answer.trim());
      } catch (error) {
        if (error instanceof Error && error.name === 'AbortError') return false; // Ctrl-C or Ctrl-D
        throw error;
      } finally {
        reader.close();
      }
    },
  };
}
