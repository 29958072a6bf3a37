import { Command } from 'commander';
import type { Moving } from '../moving/moving.ts';
import { addAccountCommands } from './account-commands.ts';
import { addAuditCommands } from './audit-commands.ts';
import type { CliApp } from './cli-app.ts';
import { CliError } from './cli-error.ts';
import { addClientCommands } from './client-commands.ts';
import type { CommandContext } from './command-context.ts';
import { addDataCommands } from './data-commands.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { explainError } from './explain-error.ts';
import { addOrganizationCommands } from './organization-commands.ts';
import { addSetUpCommands } from './set-up-commands.ts';
import type { Terminal } from './terminal.ts';

type OpenedMoving = AsyncDisposable & { readonly moving: Moving };

interface CommandLine {
  /** Without the names of the runtime and the script. */
  readonly args: readonly string[];
  readonly version: string;
  readonly terminal: Terminal;
  /** Opens the installation that the environment describes; whatever it throws is told as its reason. */
  readonly openApp: () => Promise<CliApp>;
  /** Opens its store alone. */
  readonly openMoving: () => Promise<OpenedMoving>;
}

/** Runs one command and answers the exit code. It throws nothing and never ends the process. */
export async function runCommandLine({ args, version, terminal, openApp, openMoving }: CommandLine): Promise<ExitCode> {
  const context: CommandContext = {
    terminal,
    withApp: async (work) => {
      await using app = await openOrExplain(openApp);
      await work(app);
    },
    withMoving: async (work) => {
      await using opened = await openOrExplain(openMoving);
      await work(opened.moving);
    },
  };
  try {
    await createProgram(version, context).parseAsync([...args], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    const { exitCode, lines } = explainError(error);
    for (const line of lines) terminal.remark(line);
    return exitCode;
  }
}

function createProgram(version: string, context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command('cardea')
    .description('Administers the Cardea installation that the environment describes.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.write(text.trimEnd()),
      writeErr: (text) => terminal.remark(text.trimEnd()),
    });
  addClientCommands(program, context);
  addAccountCommands(program, context);
  addOrganizationCommands(program, context);
  addAuditCommands(program, context);
  addDataCommands(program, context);
  addSetUpCommands(program, context);
  return program;
}

async function openOrExplain<Opened>(open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(EXIT.unusable, `the installation cannot be opened: ${reason}`, { cause });
  }
}
