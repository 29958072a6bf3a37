import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { findNearestName } from './nearest-name.ts';
import { type Environment, findDefault, SETTINGS, type Setting, type SettingName } from './settings.ts';

type Settings = typeof SETTINGS;
type CamelCase<Text extends string> = Text extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<CamelCase<Tail>>}`
  : Lowercase<Text>;
type Key<Name extends SettingName> = Name extends `CARDEA_${infer Rest}` ? CamelCase<Rest> : never;
type SecretName = { [Name in SettingName]: Settings[Name] extends { secret: true } ? Name : never }[SettingName];
/** Made of the issuer where they are not set. */
type DerivedName = 'CARDEA_RP_ID' | 'CARDEA_MAIL_FROM';
type Value<Name extends SettingName> =
  | z.output<Settings[Name]['read']>
  | (Settings[Name] extends { default: unknown } ? never : undefined);
type Values = { readonly [Name in SettingName]: Value<Name> };

/** What the installation is told, without the secrets: `CARDEA_DATA_DIR` is `dataDir`. */
export type Config = {
  readonly [Name in Exclude<SettingName, SecretName | DerivedName> as Key<Name>]: Value<Name>;
} & { readonly [Name in DerivedName as Key<Name>]: string };

/** Absent in development where none are set: the application makes its own then. */
export type Secrets = { readonly [Name in SecretName as Key<Name>]?: NonNullable<Value<Name>> };

export interface LoadedConfig {
  readonly config: Config;
  readonly secrets: Secrets;
  /** Sentences for the log. */
  readonly warnings: readonly string[];
}

/** Everything that is wrong with the settings, at once. It holds no value of a setting. */
export class ConfigError extends Error {
  /** Sentences, each with the name of its setting. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The settings cannot be used:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

type Variables = Readonly<Record<string, string | undefined>>;
type Problems = string[];

const NAMES = Object.keys(SETTINGS) as SettingName[]; // Object.keys forgets the names
/** The tests of the project have variables of their own. */
const FOREIGN_PREFIX = 'CARDEA_TEST_';
const SETTINGS_FILE = join(import.meta.dirname, '../.env');

/** Adds the lines of the file `.env` in the project's folder, if there is one, to the environment; what is set there already stays. */
export function loadSettingsFile(): void {
  if (existsSync(SETTINGS_FILE)) process.loadEnvFile(SETTINGS_FILE);
}

/**
 * Reads the settings from variables; `NAME_FILE` names a file that holds the text of `NAME`.
 * Throws a ConfigError that lists every problem.
 */
export function loadConfig(variables: Variables = process.env): LoadedConfig {
  const problems: Problems = [];
  const texts = new Map(NAMES.map((name) => [name, readText(name, variables, problems)]));
  const port = texts.get('CARDEA_PORT');
  if (texts.get('CARDEA_ISSUER') === undefined && port && /^\d+$/.test(port))
    texts.set('CARDEA_ISSUER', `http://localhost:${port}`);
  const environment = readEnvironment(texts.get('CARDEA_ENV'));
  const values = readValues(texts, environment, problems);
  const unknown = describeUnknownNames(variables);
  if (environment === 'production') problems.push(...unknown, ...findUnfitForProduction(values, texts));
  problems.push(...findContradictions(values, texts));
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...divide(values as Values), warnings: unknown }; // every value was read: there is no problem
}

/** The text of a setting, from its variable or the file that is named; empty counts as not set. */
function readText(name: SettingName, variables: Variables, problems: Problems): string | undefined {
  const text = variables[name]?.trim();
  const file = variables[`${name}_FILE`]?.trim();
  if (!file) return text || undefined;
  if (text) problems.push(`${name} and ${name}_FILE are both set: set one of them`);
  try {
    const content = readFileSync(file, 'utf8').trim();
    if (content === '') problems.push(`${name}_FILE names an empty file`);
    return content || undefined;
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    problems.push(`${name}_FILE names a file that cannot be read (${reason})`);
    return undefined;
  }
}

/** What cannot be read is taken for production, which is stricter; it is a problem of its own anyway. */
function readEnvironment(text: string | undefined): Environment {
  const result = SETTINGS.CARDEA_ENV.read.safeParse(text ?? SETTINGS.CARDEA_ENV.default);
  return result.success ? result.data : 'production';
}

function readValues(texts: ReadonlyMap<SettingName, string | undefined>, environment: Environment, problems: Problems) {
  const values: Record<string, unknown> = {};
  for (const name of NAMES) {
    const setting: Setting = SETTINGS[name];
    const text = texts.get(name) ?? findDefault(setting, environment);
    const result = text === undefined ? undefined : setting.read.safeParse(text);
    if (result?.success) values[name] = result.data;
    else if (result) problems.push(`${name} ${result.error.issues[0]?.message}`);
  }
  return values as Partial<Values>; // each was read by the parser of its name
}

function describeUnknownNames(variables: Variables): readonly string[] {
  return Object.keys(variables)
    .filter((name) => name.startsWith('CARDEA_') && !name.startsWith(FOREIGN_PREFIX))
    .filter((name) => !Object.hasOwn(SETTINGS, name.replace(/_FILE$/, '')))
    .map((name) => {
      const nearest = findNearestName(name, NAMES);
      return `${name} is not a setting${nearest ? `; did you mean ${nearest}?` : ''}`;
    });
}

function findUnfitForProduction(values: Partial<Values>, texts: ReadonlyMap<SettingName, string | undefined>) {
  const problems: Problems = [];
  if (values.CARDEA_ISSUER?.startsWith('http:')) problems.push('CARDEA_ISSUER must begin with https:// in production');
  if (values.CARDEA_DEMO) problems.push('CARDEA_DEMO must be off in production');
  for (const name of NAMES) {
    const setting: Setting = SETTINGS[name];
    if (!setting.secret) continue;
    const isMissing = texts.get(name) === undefined;
    if (isMissing && setting.requiredInProduction) problems.push(`${name} must be set in production`);
    if (setting.example && texts.get(name)?.includes(setting.example)) {
      problems.push(`${name} is the example that everybody knows`);
    }
  }
  return problems;
}

/** What is wrong between settings that are right by themselves. */
function findContradictions(values: Partial<Values>, texts: ReadonlyMap<SettingName, string | undefined>) {
  const { CARDEA_ISSUER: issuer, CARDEA_RP_ID: rpId, CARDEA_WORKERS: workers = 1 } = values;
  const hasMongodb = texts.get('CARDEA_MONGODB_URL') !== undefined;
  const hasRedis = texts.get('CARDEA_REDIS_URL') !== undefined;
  const problems: Problems = [];
  if (issuer && rpId && !isWithin(new URL(issuer).hostname, rpId))
    problems.push('CARDEA_RP_ID must be the host name of CARDEA_ISSUER or a parent domain of it');
  if (hasMongodb && !hasRedis) problems.push('CARDEA_REDIS_URL must be set too, since CARDEA_MONGODB_URL is');
  if (hasRedis && !hasMongodb) problems.push('CARDEA_MONGODB_URL must be set too, since CARDEA_REDIS_URL is');
  if (workers > 1 && !hasMongodb && !hasRedis)
    problems.push('CARDEA_WORKERS must be 1 unless CARDEA_MONGODB_URL and CARDEA_REDIS_URL are set');
  return problems;
}

function isWithin(hostname: string, domain: string): boolean {
  return hostname === domain || (domain.includes('.') && hostname.endsWith(`.${domain}`));
}

function divide(values: Values): { config: Config; secrets: Secrets } {
  const entries = NAMES.map((name) => ({
    secret: 'secret' in SETTINGS[name],
    entry: [toKey(name), values[name]] as const,
  }));
  const select = (secret: boolean) =>
    Object.fromEntries(
      entries.filter((item) => item.secret === secret && item.entry[1] !== undefined).map((item) => item.entry),
    );
  const { hostname } = new URL(values.CARDEA_ISSUER);
  const rpId = values.CARDEA_RP_ID ?? hostname;
  const mailFrom = values.CARDEA_MAIL_FROM ?? `no-reply@${hostname}`;
  const config = { ...select(false), rpId, mailFrom };
  // toKey does at run time what the type Key says
  return { config: config as Config, secrets: select(true) as Secrets };
}

function toKey(name: SettingName): string {
  return name
    .slice('CARDEA_'.length)
    .toLowerCase()
    .replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
