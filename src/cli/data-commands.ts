import type { Command } from 'commander';
import { FileError } from '../moving/text-file.ts';
import { CliError } from './cli-error.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './exit-code.ts';
import { formatTable } from './table.ts';

const EXPORT_HELP = `
Stop the server before: what changes meanwhile may be in the file in part only.
The sealing key does not travel. Signing keys and authenticator secrets are in the
file as they are stored, sealed, and nothing else opens them. The rest of the file is
not sealed: keep it as you keep the store.`;

const IMPORT_HELP = `
Import into an empty store, before the first start of a server on it, with the
CARDEA_SEALING_KEY of the installation that was exported. The whole file is checked
before anything is stored, and all is read again afterwards. After an interruption
run the same command again: what is there already and equal stays as it is. Nothing
is ever overwritten.`;

/** Adds `cardea data …`: everything that lasts, from one store to another. */
export function addDataCommands(program: Command, context: CommandContext): void {
  const data = program.command('data').description('everything that lasts, from one store to another');
  data
    .command('export <file>')
    .description('write everything that lasts to a new file')
    .addHelpText('after', EXPORT_HELP)
    .action((file: string) => exportData(context, file));
  data
    .command('import <file>')
    .description('store everything that is in such a file')
    .addHelpText('after', IMPORT_HELP)
    .action((file: string) => importData(context, file));
}

function exportData({ terminal, withMoving }: CommandContext, file: string): Promise<void> {
  return withMoving(async (moving) => {
    const totals = await moving.export(file).catch(explainFileError);
    const rows = Object.entries(totals).map(([kind, { count, digest }]) => [kind, String(count), digest]);
    terminal.write(formatTable(['Kind', 'In the file', 'SHA-256'], rows));
    terminal.remark(`Everything that lasts is in ${file}, with password hashes in it: let nobody else read it.`);
  });
}

function importData({ terminal, withMoving }: CommandContext, file: string): Promise<void> {
  return withMoving(async (moving) => {
    const arrivals = await moving.import(file).catch(explainFileError);
    const rows = arrivals.map(({ kind, stored, ...counts }) =>
      [kind, counts.inFile, counts.before, counts.expired, stored.count, stored.digest].map(String),
    );
    terminal.write(formatTable(['Kind', 'In the file', 'There before', 'Expired', 'Stored', 'SHA-256'], rows));
    terminal.remark('Read again and compared: the store holds what the file does.');
  });
}

/** A file that is there, or cannot be used, is not what was to be named. */
function explainFileError(error: unknown): never {
  if (error instanceof FileError) throw new CliError(EXIT.wrongUsage, error.message, { cause: error });
  throw error;
}
