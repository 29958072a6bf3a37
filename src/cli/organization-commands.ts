import type { Command } from 'commander';
import { PRESETS } from '../../config/presets.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Policy } from '../organizations/policy.ts';
import { CliError } from './cli-error.ts';
import { type CommandContext, readAllPages, readJsonFile, requireOrganization, writeJson } from './command-context.ts';
import { EXIT } from './exit-code.ts';
import { formatDate, formatFields, formatTable } from './table.ts';

interface JsonOption {
  readonly json?: boolean;
}

interface AddOptions extends JsonOption {
  readonly name: string;
  readonly slug?: string;
  readonly preset: string;
}

const PRESET_NAMES = Object.keys(PRESETS).join(', ');

/** Adds `cardea organization …`: the organizations and their policies. */
export function addOrganizationCommands(program: Command, context: CommandContext): void {
  const organization = program.command('organization').description('organizations and their sign-in policies');
  organization
    .command('add')
    .description('make an organization')
    .requiredOption('--name <name>', 'what people read on its pages')
    .option('--slug <slug>', 'what people type to name it (default: made of the name)')
    .requiredOption('--preset <preset>', `its policy to begin with: ${PRESET_NAMES}`)
    .option('--json', 'write JSON')
    .action((options: AddOptions) => createOrganization(context, options));
  organization
    .command('list')
    .description('list all organizations')
    .option('--json', 'write JSON')
    .action((options: JsonOption) => listOrganizations(context, options));
  organization
    .command('policy <slug> [preset]')
    .description(`show the policy of an organization as JSON, or replace it by a preset: ${PRESET_NAMES}`)
    .option('--file <path>', 'or by the policy in this JSON file')
    .action((slug: string, preset: string | undefined, options: { readonly file?: string }) =>
      showOrSetPolicy(context, { slug, preset, file: options.file }),
    );
}

async function createOrganization({ terminal, withApp }: CommandContext, options: AddOptions): Promise<void> {
  const { name, slug, preset, json } = options;
  const policy = requirePreset(preset);
  await withApp(async ({ organizations }) => {
    const organization = await organizations.create({ name, slug, policy });
    if (json) return writeJson(terminal, organization);
    terminal.write(
      formatFields([
        ['Organization ID', organization.id],
        ['Slug', organization.slug],
      ]),
    );
  });
}

function listOrganizations({ terminal, withApp }: CommandContext, { json }: JsonOption): Promise<void> {
  return withApp(async ({ organizations }) => {
    const all = await readAllPages((page) => organizations.list(page));
    if (json) return writeJson(terminal, all);
    const rows = all.map(({ name, slug, id, createdAt }: Organization) => [name, slug, id, formatDate(createdAt)]);
    terminal.write(formatTable(['Name', 'Slug', 'Organization ID', 'Made'], rows));
  });
}

async function showOrSetPolicy(
  { terminal, withApp }: CommandContext,
  given: { readonly slug: string; readonly preset: string | undefined; readonly file: string | undefined },
): Promise<void> {
  const { slug, preset, file } = given;
  if (preset !== undefined && file !== undefined) {
    throw new CliError(EXIT.wrongUsage, 'name a preset or a --file, not both');
  }
  const named = preset === undefined ? undefined : requirePreset(preset);
  const policy = file === undefined ? named : await readJsonFile(file);
  await withApp(async (app) => {
    const organization = await requireOrganization(app, slug);
    if (policy === undefined) return writeJson(terminal, organization.policy);
    const after = await app.organizations.setPolicy(organization.id, policy);
    terminal.remark(`The policy of ${organization.name} is replaced; a running server follows within five seconds.`);
    const count = await app.switchedOffPasswords.followPolicy(after);
    if (count > 0) terminal.remark(`Passwords that passkeys had replaced, and that are on again: ${count}.`);
  });
}

function requirePreset(name: string): Policy {
  const policy = new Map<string, Policy>(Object.entries(PRESETS)).get(name);
  if (!policy) throw new CliError(EXIT.wrongUsage, `there is no preset ${name}; there are ${PRESET_NAMES}`);
  return policy;
}
