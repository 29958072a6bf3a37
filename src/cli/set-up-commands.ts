import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';

/** Adds `cardea setup-link`. */
export function addSetUpCommands(program: Command, { terminal, withApp }: CommandContext): void {
  program
    .command('setup-link')
    .description('make a new link for the first administrator; it works once')
    .action(() => withApp(async ({ setUp }) => terminal.write(await setUp.createLink())));
}
