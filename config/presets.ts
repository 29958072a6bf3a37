import type { Policy } from '../src/organizations/policy.ts';

const common = {
  organizationPrompt: 'never',
  signUp: 'closed',
  attestation: { mode: 'none' },
} as const satisfies Partial<Policy>;

/** The policies of five real services, as data: where an organization starts from. */
export const PRESETS = {
  portal: {
    ...common,
    organizationPrompt: 'first',
    passkey: 'second',
    password: 'on',
    secondFactor: 'when-enrolled',
    secondFactors: ['passkey', 'totp'],
    enrolPasskey: 'manual',
    confirmWith: ['passkey', 'password', 'totp'],
    namePasskey: 'after',
  },
  'two-factor': {
    ...common,
    passkey: 'second',
    password: 'on',
    secondFactor: 'required',
    secondFactors: ['passkey', 'totp', 'recovery-code'],
    enrolPasskey: 'offer',
    confirmWith: ['passkey', 'totp', 'password'],
    namePasskey: 'before',
  },
  convenience: {
    ...common,
    passkey: 'alone',
    password: 'on',
    secondFactor: 'when-enrolled',
    secondFactors: ['totp', 'passkey', 'recovery-code'],
    enrolPasskey: 'offer',
    confirmWith: ['passkey', 'password', 'totp'],
    namePasskey: 'after',
    recoveryByEmail: { waitingHours: 48 },
  },
  workspace: {
    ...common,
    organizationPrompt: 'with-email',
    passkey: 'alone',
    password: 'on',
    secondFactor: 'when-enrolled',
    secondFactors: ['totp', 'recovery-code'],
    enrolPasskey: 'manual',
    confirmWith: ['password', 'email-link'],
    namePasskey: 'after',
  },
  passwordless: {
    ...common,
    passkey: 'alone',
    password: 'until-passkey',
    secondFactor: 'when-enrolled',
    secondFactors: ['totp', 'email-code'],
    enrolPasskey: 'offer',
    confirmWith: ['passkey', 'totp', 'email-code'],
    namePasskey: 'after',
    recoveryByEmail: { waitingHours: 48 },
  },
} as const satisfies Readonly<Record<string, Policy>>;

export type PresetName = keyof typeof PRESETS;
