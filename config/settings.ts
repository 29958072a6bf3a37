import type { z } from 'zod';
import { PRESETS, type PresetName } from './presets.ts';
import * as read from './setting-readers.ts';

export const ENVIRONMENTS = ['development', 'production'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

const PRESET_NAMES = Object.keys(PRESETS) as [PresetName, ...PresetName[]]; // Object.keys forgets the names

/** One setting: how its text is read, and what people are told of it. */
export interface Setting {
  readonly group: string;
  /** For people; it is also in .env.example and docs/settings.md. */
  readonly sentence: string;
  /** From text to value; no message of it repeats the text. */
  readonly read: z.ZodType<unknown, string>;
  /** The text that is read where none is set, in every environment or in each. */
  readonly default?: string | Readonly<Record<Environment, string>>;
  /** What happens where there is neither text nor default, in words. */
  readonly otherwise?: string;
  /** Shows the form. Production refuses the examples of secrets. */
  readonly example?: string;
  /** Never in a log, an error or a document. */
  readonly secret?: true;
  /** Production does not start without it. */
  readonly requiredInProduction?: true;
}

/** Every setting there is, in the order of the documents. */
export const SETTINGS = {
  CARDEA_ENV: {
    group: 'Installation',
    sentence: 'What this installation is for; production refuses whatever is only fit for trying out.',
    read: read.oneOf(ENVIRONMENTS),
    default: 'development',
    example: 'production',
  },
  CARDEA_ISSUER: {
    group: 'Installation',
    sentence:
      'The one address by which people and applications reach this server; passkeys are bound to its host name. With another CARDEA_PORT it is that port of localhost.',
    read: read.issuer,
    default: 'http://localhost:3000',
    example: 'https://id.example.com',
  },
  CARDEA_RP_ID: {
    group: 'Installation',
    sentence:
      'The name that passkeys are made for: the host name of the issuer or a parent domain of it. A change orphans every passkey.',
    read: read.domainName,
    otherwise: 'the host name of CARDEA_ISSUER',
    example: 'example.com',
  },
  CARDEA_RELATED_ORIGINS: {
    group: 'Installation',
    sentence:
      'Origins of other sites of yours that may use the passkeys of this one, with commas between them; browsers are told so at /.well-known/webauthn.',
    read: read.list(read.origin),
    default: '',
    example: 'https://example.de,https://example.fr',
  },
  CARDEA_HOST: {
    group: 'Installation',
    sentence: 'The address to listen on.',
    read: read.word,
    default: '127.0.0.1',
  },
  CARDEA_PORT: {
    group: 'Installation',
    sentence: 'The port to listen on; 0 takes any free one.',
    read: read.integer({ from: 0, to: 65_535 }),
    default: '3000',
  },
  CARDEA_DATA_DIR: {
    group: 'Installation',
    sentence: 'The folder of the embedded database and of what is made there; it is made if it is absent.',
    read: read.word,
    default: './data',
  },
  CARDEA_WORKERS: {
    group: 'Installation',
    sentence: 'Processes that share the port; more than one need the servers.',
    read: read.integer({ from: 1, to: 256 }),
    default: '1',
  },
  CARDEA_MONGODB_URL: {
    group: 'Servers',
    sentence:
      'MongoDB, for all that lasts: mongodb://name:password@host:port/database. It is set together with CARDEA_REDIS_URL.',
    read: read.mongodbUrl,
    secret: true,
    otherwise: 'one SQLite file in the data folder, for everything',
    example: 'mongodb://cardea:example-password@db.example.com:27017/cardea',
  },
  CARDEA_REDIS_URL: {
    group: 'Servers',
    sentence:
      'Redis, for all that expires: redis://, redis+sentinel://sentinel:26379,other:26379/name or redis+cluster://node:6379,other:6379; rediss instead of redis is TLS.',
    read: read.redisUrl,
    secret: true,
    otherwise: 'the same file',
    example: 'redis://cardea:example-password@cache.example.com:6379',
  },
  CARDEA_SMTP_URL: {
    group: 'Mail',
    sentence:
      'The mail server: smtps://name:password@host:465, or smtp:// with port 587 for STARTTLS; ?tls=off goes without, and then without a password.',
    read: read.smtpUrl,
    secret: true,
    requiredInProduction: true,
    otherwise:
      'mails are laid into the folder `outbox` of the data folder, and can be read at /dev/mail; required in production',
    example: 'smtps://cardea:example-password@mail.example.com:465',
  },
  CARDEA_MAIL_FROM: {
    group: 'Mail',
    sentence: 'The address that mails come from; the name beside it is that of the organization.',
    read: read.mailAddress,
    otherwise: 'no-reply@ and the host name of CARDEA_ISSUER',
    example: 'no-reply@example.com',
  },
  CARDEA_SEALING_KEY: {
    group: 'Secrets',
    sentence:
      'Encrypts signing keys and authenticator secrets in the database: 32 bytes in base64, made by `openssl rand -base64 32`.',
    read: read.key,
    secret: true,
    requiredInProduction: true,
    otherwise: 'made and kept in the data folder; required in production',
    example: 'ZXhhbXBsZS1zZWFsaW5nLWtleS1kby1ub3QtdXNlISE',
  },
  CARDEA_COOKIE_KEYS: {
    group: 'Secrets',
    sentence:
      'Sign cookies: texts of 32 characters or more with commas between them. The first one signs, the others still verify.',
    read: read.list(read.longSecret),
    secret: true,
    requiredInProduction: true,
    otherwise: 'made and kept in the data folder; required in production',
    example: 'example-cookie-key-do-not-use-this-one',
  },
  CARDEA_ORGANIZATION_NAME: {
    group: 'First start',
    sentence: 'The name of the first organization; read only when the database is empty.',
    read: read.title,
    default: 'Demo',
    example: 'Northwind',
  },
  CARDEA_POLICY: {
    group: 'First start',
    sentence: 'The rules by which people of the first organization sign in; read only when the database is empty.',
    read: read.oneOf(PRESET_NAMES),
    default: 'convenience',
  },
  CARDEA_DEMO: {
    group: 'Demonstration',
    sentence: 'Starts an example application that signs people in; production refuses it.',
    read: read.onOff,
    default: { development: 'on', production: 'off' },
  },
  CARDEA_DEMO_PORT: {
    group: 'Demonstration',
    sentence: 'The port of the example application, on loopback; 0 takes any free one.',
    read: read.integer({ from: 0, to: 65_535 }),
    default: '3001',
  },
  CARDEA_TRUSTED_PROXIES: {
    group: 'Network',
    sentence: 'Addresses or ranges of the proxies whose X-Forwarded headers are believed, with commas between them.',
    read: read.list(read.addressRange),
    default: '',
    example: '10.0.0.0/8,fd00::/8',
  },
  CARDEA_OUTBOUND_ALLOW: {
    group: 'Network',
    sentence:
      'Origins that requests of this server may reach although their address is private, with commas between them.',
    read: read.list(read.origin),
    default: '',
    example: 'https://ledger.internal.example.com',
  },
  CARDEA_SESSION_IDLE_MINUTES: {
    group: 'Sessions and passwords',
    sentence: 'Minutes without use after which a session ends.',
    read: read.integer({ from: 1, to: 43_200 }),
    default: '60',
  },
  CARDEA_SESSION_HOURS: {
    group: 'Sessions and passwords',
    sentence: 'Hours after which a session ends in any case.',
    read: read.integer({ from: 1, to: 720 }),
    default: '24',
  },
  CARDEA_HASH_MEMORY_KIB: {
    group: 'Sessions and passwords',
    sentence: 'Memory of one password hash (argon2id) in KiB.',
    read: read.integer({ from: 19_456, to: 262_144 }),
    default: '65536',
  },
  CARDEA_HASH_PASSES: {
    group: 'Sessions and passwords',
    sentence: 'Passes of one password hash (argon2id).',
    read: read.integer({ from: 2, to: 10 }),
    default: '3',
  },
  CARDEA_LIMIT_TOKEN: {
    group: 'Limits',
    sentence: 'Token requests of one client in a minute, in each process.',
    read: read.integer({ from: 1, to: 1_000_000 }),
    default: '300',
  },
  CARDEA_LIMIT_SOURCE: {
    group: 'Limits',
    sentence: 'Tries to sign in from one source (an IPv4 address or an IPv6 /64) in 15 minutes.',
    read: read.integer({ from: 1, to: 1_000_000 }),
    default: '30',
  },
  CARDEA_LIMIT_PASSKEY: {
    group: 'Limits',
    sentence: 'Tries to sign in with a passkey from one source in a minute.',
    read: read.integer({ from: 1, to: 1_000_000 }),
    default: '12',
  },
  CARDEA_LIMIT_PAGES: {
    group: 'Limits',
    sentence: 'Requests for pages from one source in a minute, in each process.',
    read: read.integer({ from: 1, to: 1_000_000 }),
    default: '300',
  },
  CARDEA_LOG_LEVEL: {
    group: 'Logs',
    sentence: 'The least important lines that are written.',
    read: read.oneOf(['debug', 'info', 'warn', 'error', 'silent']),
    default: 'info',
  },
  CARDEA_LOG_FORMAT: {
    group: 'Logs',
    sentence: 'One JSON object in each line, or a form for people.',
    read: read.oneOf(['json', 'pretty']),
    default: { development: 'pretty', production: 'json' },
  },
} as const satisfies Readonly<Record<`CARDEA_${string}`, Setting>>;

export type SettingName = keyof typeof SETTINGS;

/** The text that is read for a setting where none is set. */
export function findDefault(setting: Setting, environment: Environment): string | undefined {
  return typeof setting.default === 'object' ? setting.default[environment] : setting.default;
}
