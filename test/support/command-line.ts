import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { loadConfig } from '../../config/load.ts';
import { openApp } from '../../src/app.ts';
import { runCommandLine } from '../../src/cli/run.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { openMoving } from '../../src/open-moving.ts';
import { makeTempFolder } from './temp-folder.ts';

const SILENT = createLogger({ level: 'silent', format: 'json', destination: { write: () => undefined } });

interface Given {
  readonly stdin?: string;
  /** What the person at the terminal answers; nobody is there without it. */
  readonly answer?: 'yes' | 'no';
  readonly variables?: Readonly<Record<string, string>>;
}

/** The command line in this process, on an installation of its own unless the variables name one. */
export function openCardea(t: TestContext, variables: Readonly<Record<string, string>> = {}) {
  const own = {
    CARDEA_DATA_DIR: makeTempFolder(t),
    CARDEA_DEMO: 'off',
    CARDEA_HASH_MEMORY_KIB: '19456',
    CARDEA_HASH_PASSES: '2',
    ...variables,
  };
  const load = (more: Readonly<Record<string, string>> = {}) => loadConfig({ ...own, ...more });
  const open = (more?: Readonly<Record<string, string>>) => {
    const { config, secrets } = load(more);
    return openApp(config, secrets, { logger: SILENT });
  };
  const cardea = async (args: readonly string[], { stdin = '', answer, variables }: Given = {}) => {
    const out: string[] = [];
    const err: string[] = [];
    const terminal: Terminal = {
      interactive: answer !== undefined,
      write: (text) => void out.push(text),
      remark: (text) => void err.push(text),
      readAll: async () => stdin,
      confirm: async () => answer === 'yes',
    };
    const code = await runCommandLine({
      args,
      version: '0.0.0',
      terminal,
      openApp: async () => open(variables),
      openMoving: async () => {
        const { config, secrets } = load(variables);
        return openMoving(config, secrets, { logger: SILENT });
      },
    });
    return { code, out: out.join('\n'), err: err.join('\n') };
  };
  return Object.assign(cardea, { open });
}

/** The program itself, with these variables and no others. */
export function runProgram(args: readonly string[], variables: Readonly<Record<string, string>>) {
  const program = join(import.meta.dirname, '..', '..', 'src', 'cli', 'cardea.ts');
  return new Promise<{ code: unknown; out: string; err: string }>((resolve) => {
    execFile(process.execPath, [program, ...args], { env: variables }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}
