import type { Command } from 'commander';
import type { AuditEvent } from '../audit/audit-store.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { requireAccount } from './account-commands.ts';
import type { CommandContext } from './command-context.ts';
import { makeVisible } from './table.ts';

interface ListOptions {
  readonly account?: string;
  readonly organization?: string;
  readonly json?: boolean;
}

const PAGE_SIZE = 500;
const LIST_HELP = `
One event a line: all of them from the earliest on, or those of one account from
the latest back. Events are kept for a year.`;

/** Adds `cardea audit …`: what happened. */
export function addAuditCommands(program: Command, context: CommandContext): void {
  const audit = program.command('audit').description('what happened');
  audit
    .command('list')
    .description('list what happened')
    .addHelpText('after', LIST_HELP)
    .option('--account <account-id-or-e-mail>', 'to this account only')
    .option('--organization <slug>', 'where the e-mail belongs, if there are several organizations')
    .option('--json', 'write each event as a line of JSON')
    .action((options: ListOptions) => listEvents(context, options));
}

function listEvents({ terminal, withApp }: CommandContext, options: ListOptions): Promise<void> {
  return withApp(async (app) => {
    const { account: who, organization, json } = options;
    const account = who === undefined ? undefined : await requireAccount(app, who, organization);
    const readPage = (page: PageRequest) =>
      account ? app.auditLog.listByAccount(account.id, page) : app.auditLog.list(page);
    const isEmpty = !(await writeAll(readPage, (event) =>
      terminal.write(json ? JSON.stringify(event) : formatEvent(event)),
    ));
    if (isEmpty && !json) terminal.remark('Nothing has happened yet.');
  });
}

/** A page at a time, since a year may be long. Answers how many there were. */
async function writeAll(
  readPage: (page: PageRequest) => Promise<Page<AuditEvent>>,
  write: (event: AuditEvent) => void,
): Promise<number> {
  let count = 0;
  let page: Page<AuditEvent> | undefined;
  do {
    page = await readPage({ limit: PAGE_SIZE, after: page?.next });
    for (const event of page.items) write(event);
    count += page.items.length;
  } while (page.next);
  return count;
}

/** A value is quoted where it could be taken for something else. */
function formatEvent({ createdAt, actor, accountId, clientId, device, details }: AuditEvent): string {
  const { type, ...more } = details;
  const fields = Object.entries({ actor, account: accountId, client: clientId, device, ...more })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${/^[\w-]+$/.test(String(value)) ? value : JSON.stringify(value)}`);
  return makeVisible([createdAt.toISOString(), type, ...fields].join('  '));
}
