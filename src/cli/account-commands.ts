import type { Command } from 'commander';
import type { Account } from '../accounts/account-store.ts';
import { minimumPasswordLength } from '../sign-in/password-change.ts';
import type { CliApp } from './cli-app.ts';
import { CliError } from './cli-error.ts';
import { type CommandContext, readAllPages, requireOrganization, writeJson } from './command-context.ts';
import { EXIT } from './exit-code.ts';
import { formatDate, formatFields, formatTable } from './table.ts';

interface OrganizationOption {
  readonly organization?: string;
}

interface JsonOption {
  readonly json?: boolean;
}

interface AddOptions extends OrganizationOption, JsonOption {
  readonly email: string;
  readonly name?: string;
  readonly administrator?: boolean;
  readonly emailVerified?: boolean;
  readonly passwordStdin?: boolean;
}

/** Adds `cardea account …`: the people. */
export function addAccountCommands(program: Command, context: CommandContext): void {
  const account = program.command('account').description('people');
  addCreation(account, context);
  account
    .command('list')
    .description('list accounts, of all organizations unless one is named')
    .option('--organization <slug>', 'of this organization only')
    .option('--json', 'write JSON')
    .action((options: OrganizationOption & JsonOption) => listAccounts(context, options));
  account
    .command('disable <account-id-or-e-mail>')
    .description('let a person sign in no more and end what they have open')
    .option('--organization <slug>', 'where the e-mail belongs, if there are several organizations')
    .action((who: string, options: OrganizationOption) => disableAccount(context, who, options));
  account
    .command('recovery-link <account-id-or-e-mail>')
    .description('write a link with which a person who has lost everything makes a new passkey')
    .option('--organization <slug>', 'where the e-mail belongs, if there are several organizations')
    .action((who: string, options: OrganizationOption) => createRecoveryLink(context, who, options));
  account
    .command('enable <account-id-or-e-mail>')
    .description('let a disabled person sign in again')
    .option('--organization <slug>', 'where the e-mail belongs, if there are several organizations')
    .action((who: string, options: OrganizationOption) => enableAccount(context, who, options));
}

async function createRecoveryLink(
  { terminal, withApp }: CommandContext,
  who: string,
  { organization: slug }: OrganizationOption,
): Promise<void> {
  await withApp(async (app) => {
    const account = await requireAccount(app, who, slug);
    const organization = await app.organizations.find(account.organizationId);
    if (!organization) throw new CliError(EXIT.notFound, `the organization of ${who} is gone`);
    terminal.write(await app.recovering.offer(account, organization));
    terminal.remark(`It works once, for 30 minutes, and is mailed to ${account.email} too.`);
  });
}

function addCreation(account: Command, context: CommandContext): void {
  account
    .command('add')
    .description('make an account')
    .requiredOption('--email <address>', 'what the person signs in with')
    .option('--name <name>', 'the name of the person')
    .option('--organization <slug>', 'where they belong, if there are several organizations')
    .option('--administrator', 'let them administer the installation')
    .option('--email-verified', 'say that they are known to read mail at this address')
    .option('--password-stdin', 'read their first password from standard input')
    .option('--json', 'write JSON')
    .action((options: AddOptions) => createAccount(context, options));
}

async function createAccount({ terminal, withApp }: CommandContext, options: AddOptions): Promise<void> {
  const password = options.passwordStdin ? dropLineEnd(await terminal.readAll()) : undefined;
  await withApp(async (app) => {
    const organization = await requireOrganization(app, options.organization);
    const rules = {
      minimumLength: minimumPasswordLength(organization.policy),
      organizationName: organization.name,
    };
    if (password !== undefined) await app.passwords.requireStrong(options.email, password, rules);
    const account = await app.accounts.create({
      organizationId: organization.id,
      email: options.email,
      emailVerified: options.emailVerified,
      profile: { name: options.name },
      role: options.administrator ? 'administrator' : 'member',
    });
    if (password !== undefined) await app.passwords.set(account, password, rules);
    await app.auditLog.record({ type: 'account-created' }, { account, actor: 'operator' });
    if (options.json) return writeJson(terminal, presentAccount(account));
    terminal.write(
      formatFields([
        ['Account ID', account.id],
        ['E-mail', account.email],
        ['Organization', organization.slug],
      ]),
    );
  });
}

function listAccounts(
  { terminal, withApp }: CommandContext,
  { organization: slug, json }: OrganizationOption & JsonOption,
): Promise<void> {
  return withApp(async (app) => {
    const organization = slug === undefined ? undefined : await requireOrganization(app, slug);
    const all = await readAllPages((page) => app.accounts.list(page, organization?.id));
    if (json) return writeJson(terminal, all.map(presentAccount));
    if (all.length === 0) return terminal.remark('There are no accounts yet. Make one with: cardea account add');
    const rows = all.map((account) => [
      account.email,
      account.profile.name ?? '',
      account.id,
      account.role,
      account.disabledAt ? `disabled ${formatDate(account.disabledAt)}` : 'enabled',
    ]);
    terminal.write(formatTable(['E-mail', 'Name', 'Account ID', 'Role', 'State'], rows));
  });
}

function disableAccount(
  { terminal, withApp }: CommandContext,
  who: string,
  { organization }: OrganizationOption,
): Promise<void> {
  return withApp(async (app) => {
    const account = await requireAccount(app, who, organization);
    await app.accounts.disable(account.id);
    await app.auditLog.record({ type: 'account-disabled' }, { account, actor: 'operator' });
    terminal.remark(`${account.email} can sign in no more, and all their sessions have ended.`);
  });
}

function enableAccount(
  { terminal, withApp }: CommandContext,
  who: string,
  { organization }: OrganizationOption,
): Promise<void> {
  return withApp(async (app) => {
    const account = await requireAccount(app, who, organization);
    await app.accounts.enable(account.id);
    await app.auditLog.record({ type: 'account-enabled' }, { account, actor: 'operator' });
    terminal.remark(`${account.email} can sign in again.`);
  });
}

/** The account with that id, or with that e-mail in that organization. */
export async function requireAccount(app: CliApp, who: string, slug: string | undefined): Promise<Account> {
  const account = who.includes('@')
    ? await app.accounts.findByEmail((await requireOrganization(app, slug)).id, who)
    : await app.accounts.find(who);
  if (!account) throw new CliError(EXIT.notFound, `there is no account ${who}`);
  return account;
}

/** What an administrator may know of an account: nothing that proves or names a credential. */
function presentAccount({ id, organizationId, email, emailVerified, profile, role, disabledAt, createdAt }: Account) {
  return { id, organizationId, email, emailVerified, profile, role, ...(disabledAt && { disabledAt }), createdAt };
}

/** A line typed or echoed ends with a line break that is not part of the password. */
function dropLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
