import { readFile } from 'node:fs/promises';
import type { Page, PageRequest } from '../lib/cursor.ts';
import type { Moving } from '../moving/moving.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { CliApp } from './cli-app.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

const PAGE_SIZE = 500;

/** What every command is given. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Opens the installation, does the work and closes it again, whatever becomes of the work. */
  withApp(work: (app: CliApp) => Promise<void>): Promise<void>;
  /** The same of the store alone, in which opening it makes nothing. */
  withMoving(work: (moving: Moving) => Promise<void>): Promise<void>;
}

/** Writes data for a program. */
export function writeJson(terminal: Terminal, data: unknown): void {
  terminal.write(JSON.stringify(data, undefined, 2));
}

/** Reads every page of a list, in its order. */
export async function readAllPages<Item>(readPage: (page: PageRequest) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  let page: Page<Item> = await readPage({ limit: PAGE_SIZE });
  items.push(...page.items);
  while (page.next) {
    page = await readPage({ limit: PAGE_SIZE, after: page.next });
    items.push(...page.items);
  }
  return items;
}

/** Reads a file that the caller named. */
export async function readJsonFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new CliError(EXIT.wrongUsage, `the file ${path} ${reason}`, { cause });
  }
}

/** The organization with that slug; without one, the only organization there is. */
export async function requireOrganization({ organizations }: CliApp, slug: string | undefined): Promise<Organization> {
  if (slug === undefined) {
    const only = await organizations.findOnly();
    if (only) return only;
    throw new CliError(EXIT.wrongUsage, 'there is not just one organization: say which with --organization <slug>');
  }
  const organization = await organizations.findBySlug(slug);
  if (!organization) throw new CliError(EXIT.notFound, `no organization has the slug ${slug}`);
  return organization;
}
