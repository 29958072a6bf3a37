/** `npm run docs`: writes the documents that are made from tables of the code; with `--check` it only compares. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ENVIRONMENTS, findDefault, SETTINGS, type Setting } from '../config/settings.ts';
import { en } from '../src/http/languages/en.ts';
import { ERROR_STATUS } from '../src/lib/error-codes.ts';
import { COLLECTIONS } from '../src/storage/mongo/migrate-mongo.ts';

const ROOT = join(import.meta.dirname, '..');
const TABLE: readonly (readonly [string, Setting])[] = Object.entries(SETTINGS);

/** The generated documents: path from the root of the project → text. */
export function generateDocuments(): ReadonlyMap<string, string> {
  return new Map([
    ['.env.example', writeEnvironmentExample()],
    ['docs/settings.md', writeSettings()],
    ['docs/errors.md', writeErrors()],
    ['docs/collections.md', writeCollections()],
  ]);
}

/** The paths whose file is not what the code says. */
export async function findStaleDocuments(): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const [path, text] of generateDocuments()) {
    const present = await readFile(join(ROOT, path), 'utf8').catch(() => undefined);
    if (present !== text) stale.push(path);
  }
  return stale;
}

function writeEnvironmentExample(): string {
  const groups = groupSettings().map(([group, settings]) => {
    const lines = settings.map(([name, setting]) => {
      const value = setting.example ?? findDefault(setting, 'production') ?? '';
      return `# ${setting.sentence}\n# Without it: ${describeDefault(setting)}\n#${name}=${value}\n`;
    });
    return `## ${group}\n\n${lines.join('\n')}`;
  });
  return `# Settings of Cardea. Copy this file to .env and change what you need; every line is optional for trying out.
# NAME_FILE instead of NAME reads the value from a file. Generated from config/settings.ts.

${groups.join('\n')}`;
}

function writeSettings(): string {
  const groups = groupSettings().map(([group, settings]) => {
    const rows = settings.map(([name, setting]) => {
      const example = setting.example && !setting.secret ? `\`${setting.example}\`` : '';
      return `| \`${name}\` | ${setting.sentence} | ${describeDefault(setting, '`')} | ${example} |`;
    });
    return `## ${group}\n\n| name | what it is | without it | example |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Settings

<!-- Generated from config/settings.ts by \`npm run docs\`. -->

Settings are variables of the environment; \`npm start\` and \`npx cardea\` also read them from a file \`.env\` in the project's folder.
\`NAME_FILE\` instead of \`NAME\` names a file that holds the value, which is the better way for secrets. An empty value counts as none.
Everything that is wrong is listed at once before anything starts. A name that begins with \`CARDEA_\` and is not in these tables is refused in production and warned about in development.

${groups.join('\n')}`;
}

function writeErrors(): string {
  const texts: Readonly<Record<string, string>> = en;
  const rows = Object.entries(ERROR_STATUS).map(([code, status]) => {
    const sentences = [texts[`errors.${code}.title`], texts[`errors.${code}.next`]];
    return `| \`${code}\` | ${status} | ${sentences.filter(Boolean).join(' ')} |`;
  });
  return `# Errors

<!-- Generated from src/lib/error-codes.ts and src/http/languages/en.ts by \`npm run docs\`. -->

Every refusal of Cardea's own pages and calls, with what a person reads. Calls that expect JSON are answered with the code as \`error\`.
Errors of the OpenID Connect endpoints are those of the standards (RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core 1.0 §3.1.2.6).

| code | status | what a person reads |
|---|---|---|
${rows.join('\n')}
`;
}

function writeCollections(): string {
  const rows = COLLECTIONS.map(({ name, schema }) => {
    const indexes = schema.indexes().map(([key, { unique, expireAfterSeconds }]) => {
      const mark = unique ? ' unique' : expireAfterSeconds === undefined ? '' : ' expiring';
      return `\`${Object.keys(key).join(', ')}\`${mark}`;
    });
    const isSpreadable = !schema.indexes().some(([, { unique }]) => unique);
    return `| \`${name}\` | ${indexes.join('; ') || 'none'} | ${isSpreadable ? '`_id`, hashed' : 'none'} |`;
  });
  return `# Collections of MongoDB

<!-- Generated from the schemas in src/storage/mongo by \`npm run docs\`. -->

The indexes are made by each start that misses one, never by the way. What has \`expiring\` documents is tidied up by MongoDB a day after they expire; until then their age is looked at.

A unique index holds across the shards of a cluster only where it begins with the shard key. So whatever has one beside \`_id\` stays on the primary shard, and the others may be spread by their hashed \`_id\`.

| collection | indexes beside \`_id\` | shard key |
|---|---|---|
${rows.join('\n')}
`;
}

function groupSettings(): readonly (readonly [string, readonly (readonly [string, Setting])[]])[] {
  return [...Map.groupBy(TABLE, ([, { group }]) => group)];
}

function describeDefault(setting: Setting, quote = ''): string {
  if (setting.otherwise) return setting.otherwise;
  const [development, production] = ENVIRONMENTS.map((environment) => {
    const text = findDefault(setting, environment);
    return text ? `${quote}${text}${quote}` : 'none';
  });
  return development === production ? `${development}` : `${development}; in production ${production}`;
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const stale = await findStaleDocuments();
    for (const path of stale) process.stdout.write(`${path} is not what the code says: run npm run docs\n`);
    if (stale.length > 0) process.exitCode = 1;
    else process.stdout.write('The generated documents are what the code says.\n');
  } else {
    for (const [path, text] of generateDocuments()) await writeFile(join(ROOT, path), text);
  }
}
