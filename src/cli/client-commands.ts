import type { Command } from 'commander';
import type { Client, ClientResource } from '../clients/client-store.ts';
import type { CliApp } from './cli-app.ts';
import { CliError } from './cli-error.ts';
import { nameKind, presentClient } from './client-output.ts';
import { type CommandContext, readAllPages, readJsonFile, writeJson } from './command-context.ts';
import { EXIT } from './exit-code.ts';
import { formatDate, formatFields, formatTable, formatValue } from './table.ts';

interface JsonOption {
  readonly json?: boolean;
}

interface AddOptions extends JsonOption {
  readonly scope?: readonly string[];
  readonly jwksFile?: string;
  readonly [option: string]: unknown;
}

/** Adds `cardea client …`: the relying applications. */
export function addClientCommands(program: Command, context: CommandContext): void {
  const client = program.command('client').description('relying applications');
  addRegistration(client, context);
  client
    .command('list')
    .description('list all clients')
    .option('--json', 'write JSON')
    .action((options: JsonOption) => listClients(context, options));
  client
    .command('show <client-id>')
    .description('show one client')
    .option('--json', 'write JSON')
    .action((id: string, options: JsonOption) => showClient(context, id, options));
  client
    .command('remove <client-id>')
    .description('remove a client; nobody can sign in to it any more')
    .option('--yes', 'do not ask')
    .action((id: string, options: { readonly yes?: boolean }) => removeClient(context, id, options));
  client
    .command('add-secret <client-id>')
    .description('make another secret; the one before it works for seven more days at most')
    .option('--json', 'write JSON')
    .action((id: string, options: JsonOption) => addSecret(context, id, options));
  client
    .command('remove-secret <client-id> <last-four>')
    .description('end the secret with these last four characters at once')
    .action((id: string, lastFour: string) => removeSecret(context, id, lastFour));
}

function addRegistration(client: Command, context: CommandContext): void {
  client
    .command('add')
    .description('register a client and show its secret, once')
    .requiredOption('--name <name>', 'what people read on the sign-in page')
    .option('--application-type <type>', 'web, or native for one that runs on the device of the person', 'web')
    .option('--redirect-uri <uri...>', 'where people are sent back to, exactly')
    .option('--post-logout-redirect-uri <uri...>', 'where people may be sent after signing out')
    .option(
      '--auth-method <method>',
      'none, client_secret_basic, client_secret_post or private_key_jwt (default: client_secret_basic; none if native)',
    )
    .option('--grant-type <type...>', 'authorization_code, refresh_token, client_credentials (default: the first two)')
    .option('--scope <scope...>', 'scopes it may ask for (default: openid profile email offline_access)')
    .option('--id-token-algorithm <algorithm>', 'RS256 or ES256', 'RS256')
    .option('--jwks-file <path>', 'public keys for private_key_jwt, as a JWK Set')
    .option('--jwks-uri <uri>', 'or where to fetch them')
    .option(
      '--resource <indicator-and-scopes>',
      "an API it may ask access tokens for (RFC 8707), and the scopes there: 'https://ledger.example/api ledger:read'; once for each API",
      collectResources,
    )
    .option('--consent <when>', 'ask, or skip for an application of your own', 'ask')
    .option('--scope-claims-in-id-token', 'put the claims of scopes into ID tokens too', false)
    .option('--require-par', 'accept pushed authorization requests only (RFC 9126)', false)
    .option('--no-require-pkce', 'accept requests without PKCE from a client that keeps a secret or key')
    .option('--json', 'write JSON')
    .action((options: AddOptions) => registerClient(context, options));
}

async function registerClient({ terminal, withApp }: CommandContext, options: AddOptions): Promise<void> {
  const input = await toInput(options);
  await withApp(async (app) => {
    const { client, secret } = await app.clients.register(input);
    if (options.json) {
      return writeJson(terminal, { ...locate(app, client), clientSecret: secret, client: presentClient(client) });
    }
    const { issuer, discovery } = locate(app, client);
    terminal.write(
      formatFields([
        ['Issuer', issuer],
        ['Discovery', discovery],
        ['Client ID', client.id],
        ...(secret === undefined ? [] : [['Client secret', secret] as const]),
      ]),
    );
    if (secret !== undefined) terminal.remark('The secret is shown this once. Only its digest is stored.');
  });
}

/** The first word is the indicator, the rest are scopes. Each API has an option of its own, so that a forgotten quote is wrong usage. */
function collectResources(words: string, before: readonly ClientResource[] = []): readonly ClientResource[] {
  const [indicator = '', ...scopes] = splitWords(words);
  return [...before, { indicator, scopes }];
}

function splitWords(text: string): readonly string[] {
  return text.split(' ').filter(Boolean);
}

/** Option names are the input's field names; what is not given stays undefined and takes its default. */
async function toInput({ jwksFile, json: _, scope, ...options }: AddOptions): Promise<unknown> {
  const { redirectUri, postLogoutRedirectUri, grantType, resource, ...fields } = options;
  return {
    ...fields,
    redirectUris: redirectUri,
    postLogoutRedirectUris: postLogoutRedirectUri,
    grantTypes: grantType,
    resources: resource,
    scopes: scope?.flatMap(splitWords),
    jwks: jwksFile === undefined ? undefined : await readJsonFile(jwksFile),
  };
}

function listClients({ terminal, withApp }: CommandContext, { json }: JsonOption): Promise<void> {
  return withApp(async ({ clients }) => {
    const all = await readAllPages((page) => clients.list(page));
    if (json) return writeJson(terminal, all.map(presentClient));
    if (all.length === 0) return terminal.remark('There are no clients yet. Register one with: cardea client add');
    const rows = all.map((client) => [client.name, client.id, nameKind(client), formatDate(client.createdAt)]);
    terminal.write(formatTable(['Name', 'Client ID', 'Kind', 'Registered'], rows));
  });
}

function showClient({ terminal, withApp }: CommandContext, id: string, { json }: JsonOption): Promise<void> {
  return withApp(async (app) => {
    const client = await requireClient(app, id);
    if (json) return writeJson(terminal, presentClient(client));
    const { secrets, ...fields } = presentClient(client);
    const resources = client.settings.resources.map(({ indicator, scopes }) => [indicator, ...scopes].join(' '));
    const secretLines = secrets.map(({ lastFour, createdAt, expiresAt }) =>
      [`…${lastFour} of ${formatDate(createdAt)}`, ...(expiresAt ? [`until ${formatDate(expiresAt)}`] : [])].join(', '),
    );
    const lines = Object.entries({ ...fields, resources }).map(([name, value]) => [name, formatValue(value)] as const);
    terminal.write(formatFields([...lines, ['secrets', secretLines]]));
  });
}

function removeClient(
  { terminal, withApp }: CommandContext,
  id: string,
  { yes }: { readonly yes?: boolean },
): Promise<void> {
  return withApp(async (app) => {
    const client = await requireClient(app, id);
    if (!yes && !terminal.interactive) {
      throw new CliError(EXIT.wrongUsage, 'nobody is there to be asked: say --yes if the client is to be removed');
    }
    const question = `Remove ${client.name}? Nobody can sign in to it any more, and its tokens end.`;
    if (!yes && !(await terminal.confirm(question))) throw new CliError(EXIT.refused, 'nothing was removed');
    await app.clients.remove(client.id);
    terminal.remark(`Removed ${client.name}.`);
  });
}

function addSecret({ terminal, withApp }: CommandContext, id: string, { json }: JsonOption): Promise<void> {
  return withApp(async (app) => {
    const { client, secret } = await app.clients.addSecret((await requireClient(app, id)).id);
    if (json) return writeJson(terminal, { clientSecret: secret, client: presentClient(client) });
    terminal.write(formatFields([['Client secret', secret]]));
    terminal.remark('The secret is shown this once. Only its digest is stored.');
    for (const { lastFour, expiresAt } of client.secrets) {
      if (expiresAt) terminal.remark(`The secret that ends in ${lastFour} works until ${expiresAt.toISOString()}.`);
    }
  });
}

function removeSecret({ terminal, withApp }: CommandContext, id: string, lastFour: string): Promise<void> {
  return withApp(async (app) => {
    const client = await requireClient(app, id);
    await app.clients.removeSecret(client.id, lastFour);
    terminal.remark(`The secret of ${client.name} that ends in ${lastFour} works no more.`);
  });
}

async function requireClient({ clients }: CliApp, id: string): Promise<Client> {
  const client = await clients.find(id);
  if (!client) throw new CliError(EXIT.notFound, `no client has the id ${id}`);
  return client;
}

/** What the application's developer has to configure, beside the secret. */
function locate({ issuer }: CliApp, { id }: Client) {
  return { issuer, discovery: `${issuer}/.well-known/openid-configuration`, clientId: id };
}
