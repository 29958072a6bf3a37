import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-code.ts';

/** Adds `cardea setup-link`. */
export function addSetUpCommands(program: Command, { terminal, withApp }: CommandContext): void {
  program
    .command('setup-link')
    .description('make a new link for the first administrator; it works once')
    .action(() =>
      withApp(async ({ setUp }) => {
        if (!(await setUp.isNeeded())) throw new CliError(EXIT.refused, 'there is an administrator already');
        terminal.write(await setUp.createLink());
      }),
    );
}
