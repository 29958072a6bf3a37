import type { Letter, MailKind, MailMessage } from '../../src/mail/mail-message.ts';

const ISSUER = 'https://id.northwind.example';
const SECRET = 'q3Jt0mFZ5xkVv1cYh7Wb2LrN8sUe4aXo6pTdIgKjHyM';
const happening = { at: new Date('2026-03-03T09:12:41Z'), device: 'Chrome on Windows', place: 'Utrecht, Netherlands' };
const change = { ...happening, notMeLink: `${ISSUER}/not-me/${SECRET}` };
const passkeyName = 'Work laptop';
const code = '48215093';

/** A message of every kind, with everything it may have; one that is forgotten here does not compile. */
const MESSAGES: { readonly [Kind in MailKind]: Extract<MailMessage, { type: Kind }> } = {
  'verify-address': {
    type: 'verify-address',
    ...happening,
    link: `${ISSUER}/verify/${SECRET}`,
    code,
    codeSeconds: 600,
    validSeconds: 86_400,
  },
  'sign-in-code': { type: 'sign-in-code', ...happening, code, validSeconds: 600 },
  'sign-up-code': { type: 'sign-up-code', ...happening, code, validSeconds: 600 },
  'account-known': { type: 'account-known', ...happening },
  'address-code': { type: 'address-code', ...happening, code, validSeconds: 600 },
  'address-taken': { type: 'address-taken', ...happening },
  'address-changed': { type: 'address-changed', ...change, newEmail: 'k•••@northwind.example' },
  'address-in-use': { type: 'address-in-use', ...happening },
  'address-restored': { type: 'address-restored', ...happening },
  'confirmation-code': { type: 'confirmation-code', ...change, code, validSeconds: 600 },
  'confirmation-link': { type: 'confirmation-link', ...change, link: `${ISSUER}/confirm/${SECRET}`, validSeconds: 600 },
  'other-device-link': { type: 'other-device-link', ...change, link: `${ISSUER}/link/${SECRET}`, validSeconds: 600 },
  'passkey-requested': { type: 'passkey-requested', ...change },
  'passkey-added': { type: 'passkey-added', ...change, passkeyName },
  'passkey-removed': { type: 'passkey-removed', ...change, passkeyName },
  'passkey-renamed': { type: 'passkey-renamed', ...change, passkeyName, formerName: 'Passkey on Windows' },
  'totp-on': { type: 'totp-on', ...change },
  'totp-off': { type: 'totp-off', ...change },
  'password-off': { type: 'password-off', ...change },
  'password-on': { type: 'password-on', ...change },
  'password-set': { type: 'password-set', ...change },
  'password-removed': { type: 'password-removed', ...change },
  'password-changed': { type: 'password-changed', ...change },
  'password-reset-link': {
    type: 'password-reset-link',
    ...happening,
    link: `${ISSUER}/reset/${SECRET}`,
    validSeconds: 1800,
  },
  'password-reset': { type: 'password-reset', ...change },
  'new-sign-in': { type: 'new-sign-in', ...change },
  'recovery-started': {
    type: 'recovery-started',
    ...happening,
    cancelLink: `${ISSUER}/recover/stop/${SECRET}`,
    opensAt: new Date('2026-03-05T09:12:41Z'),
  },
  'recovery-cancelled': { type: 'recovery-cancelled', ...happening },
  'recovery-ready': {
    type: 'recovery-ready',
    link: `${ISSUER}/recover/${SECRET}`,
    cancelLink: `${ISSUER}/recover/stop/${SECRET}`,
    validSeconds: 1800,
  },
  'recovery-offered': {
    type: 'recovery-offered',
    link: `${ISSUER}/recover/${SECRET}`,
    cancelLink: `${ISSUER}/recover/stop/${SECRET}`,
    validSeconds: 1800,
  },
  'recovery-done': { type: 'recovery-done', ...change },
  'recovery-codes-made': { type: 'recovery-codes-made', ...change },
  'recovery-codes-removed': { type: 'recovery-codes-removed', ...change },
  'recovery-code-used': { type: 'recovery-code-used', ...change, codesLeft: 7 },
};

export const MAIL_SAMPLES: readonly MailMessage[] = Object.values(MESSAGES);

/** A message of one kind. */
export function sampleMessage<Kind extends MailKind>(kind: Kind): Extract<MailMessage, { type: Kind }> {
  return MESSAGES[kind];
}

/** A letter to Alex at Northwind. */
export function buildLetter(message: MailMessage, overrides: Partial<Letter> = {}): Letter {
  return {
    to: 'alex@northwind.example',
    organizationName: 'Northwind',
    language: 'en',
    message,
    ...overrides,
  };
}
