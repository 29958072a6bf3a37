import { describeActivity } from '../../src/http/activity.ts';
import type { Views } from '../../src/http/view.ts';
import type { ViewModels, ViewName } from '../../src/http/view-models.ts';
import { buildAuditEvent } from './builders.ts';
import { AUDIT_DETAILS } from './full-items.ts';
import { MAIL_SAMPLES } from './mail-samples.ts';

/** A page as somebody would meet it; `label` tells several of one view apart. */
export type PageSample = {
  [Name in ViewName]: { readonly view: Name; readonly label: string; readonly model: ViewModels[Name] };
}[ViewName];

/** The page of a sample, in English unless told otherwise. */
export function renderSample<Name extends ViewName>(
  views: Views,
  { view, model }: { readonly view: Name; readonly model: ViewModels[Name] },
  language = 'en',
): string {
  return views.render(view, model, language);
}

const BASE = '/interaction/V1StGXR8_Z5jdHi6B-myT';
const alex = { email: 'alex@northwind.example', name: 'Alex Example' };
const shell = { organizationName: 'Northwind', applicationName: 'Ledger', base: BASE };
const signedIn = {
  organizationName: 'Northwind',
  email: alex.email,
  csrf: 'aPzL3kO1mVb7Xw2Rr9Yq0A',
  administrator: false,
};
const signIn = {
  ...shell,
  email: '',
  passkey: true,
  askOrganization: false,
  remembered: [],
  signUp: true,
};
const recovery = {
  organizationName: 'Northwind',
  email: alex.email,
  path: '/recover/x',
  startedAt: new Date('2026-11-19T09:12:00Z'),
  device: 'Firefox on Linux',
};
const phonePasskey = {
  id: 'kX9v2mQe4rTz',
  name: 'iCloud Keychain',
  provider: 'Apple Passwords',
  synced: true,
  kind: 'device',
  createdAt: new Date('2026-03-03T09:12:00Z'),
  lastUsedAt: new Date('2026-11-20T18:30:00Z'),
  lastUsedWith: 'Safari on iPhone',
  here: true,
} as const;
const keyPasskey = {
  id: 'B7nW0sLp8cYd',
  name: 'The blue one on my key ring',
  provider: 'YubiKey 5',
  synced: false,
  kind: 'security-key',
  createdAt: new Date('2026-05-12T14:00:00Z'),
  lastUsedAt: new Date('2026-11-02T08:00:00Z'),
  lastUsedWith: 'Firefox on Linux',
} as const;
const devMail = {
  name: '20260303T091241000Z-V1StGXR8_Z5jdHi6B-myTA',
  to: alex.email,
  subject: 'Confirm your e-mail address for Northwind',
  sentAt: new Date('2026-03-03T09:12:41Z'),
};
const laptopPasskey = {
  id: 'Zq1uH5jFa3Ko',
  name: 'Work laptop',
  synced: false,
  unproven: true,
  createdAt: new Date('2026-10-01T07:45:00Z'),
} as const;
const phoneSession = {
  id: 'q2mVb7Xw2Rr9Yq0AaPzL3kO1mVb7Xw2Rr9Yq0AkO1mV',
  browser: 'Safari on iPhone',
  handheld: true,
  way: 'passkey',
  signedInAt: new Date('2026-11-20T18:30:00Z'),
  lastUsedAt: new Date('2026-11-20T18:42:00Z'),
  here: true,
} as const;
const laptopSession = {
  id: 'Xw2Rr9Yq0AaPzL3kO1mVb7Xw2Rr9Yq0AkO1mVq2mVb7',
  browser: 'Firefox on Linux',
  handheld: false,
  way: 'password-passkey',
  signedInAt: new Date('2026-11-20T08:12:00Z'),
  lastUsedAt: new Date('2026-11-20T17:55:00Z'),
  here: false,
} as const;
const ledger = {
  id: 'Led9erV1StGXR8Z5jdHi6B',
  name: 'Ledger',
  scopes: ['profile', 'email', 'offline_access'],
  resources: [
    { indicator: 'https://api.ledger.example/', scopes: ['invoices:read', 'invoices:write'] },
    { indicator: 'https://mail.ledger.example/', scopes: [] },
  ],
  since: new Date('2026-03-03T09:12:00Z'),
} as const;
const recoveryCodeSheet = {
  email: alex.email,
  madeAt: new Date('2026-11-20T18:30:00Z'),
  codes: Array.from({ length: 10 }, (_, index) => `7K3Q-ZM9${index}-W0RT-${index}H5B`),
};
const enrolling = {
  account: alex,
  must: false,
  recovers: false,
  local: false,
  silent: false,
  otherWays: [],
} as const;
const BY_OPERATORS: ReadonlySet<string> = new Set(['account-disabled', 'account-enabled', 'recovery-offered']);
const activityEvents = AUDIT_DETAILS.map((details, index) =>
  describeActivity(
    buildAuditEvent({
      details,
      createdAt: new Date(Date.UTC(2026, 10, 21 - Math.floor(index / 3), 9, index)),
      actor: BY_OPERATORS.has(details.type) ? 'operator' : 'account',
      device: 'Chrome on Windows',
    }),
  ),
);
const security = {
  ...signedIn,
  emailVerified: true,
  emailChangeable: true,
  passkeys: [phonePasskey, keyPasskey, laptopPasskey],
  passkeysOffered: true,
  secondPasskeySuggested: false,
  totp: { on: true },
  recoveryCodes: { left: 7, madeAt: new Date('2026-11-02T08:00:00Z'), suggested: false },
  password: { set: true, setAt: new Date('2025-12-24T10:00:00Z') },
  sessions: [phoneSession, laptopSession, { ...laptopSession, id: 'b', browser: undefined, way: undefined }],
  applications: [ledger, { ...ledger, id: 'c', name: 'Calendar of the whole company', scopes: [], resources: [] }],
  activity: activityEvents.slice(0, 10),
};
const confirm = {
  ...signedIn,
  purpose: 'delete-passkey',
  name: keyPasskey.name,
  query: `?for=delete-passkey&target=${keyPasskey.id}`,
  method: 'passkey',
  isSent: false,
  otherMethods: [],
} as const;

const NOTICE_KINDS = MAIL_SAMPLES.filter((message) => 'notMeLink' in message).map(({ type }) => type);
const notMe = {
  organizationName: 'Northwind',
  email: alex.email,
  path: '/not-me/q3Jt0mFZ5xkVv1cYh7Wb2LrN8sUe4aXo6pTdIgKjHyM',
  at: new Date('2026-03-03T09:12:41Z'),
  device: 'Chrome on Windows',
};

const otherDevice = {
  organizationName: 'Northwind',
  path: '/other-device/q3Jt0mFZ5xkVv1cYh7Wb2L',
  email: 'a•••@northwind.example',
};
const invitation = {
  ...signedIn,
  link: 'https://id.northwind.example/other-device/q3Jt0mFZ5xkVv1cYh7Wb2L',
  qrCode: { size: 21, path: 'M0 0h7v7H0zM14 0h7v7h-7zM0 14h7v7H0zM9 9h3v3H9zM2 2h3v3H2z' },
  isSent: false,
  flow: '0198d2a4c1f07b3e',
  device: 'Safari on iPhone',
  choices: ['07', '42', '81'],
};

/** Every page in every state that looks different. */
export const PAGE_SAMPLES: readonly PageSample[] = [
  { view: 'sign-in', label: 'first', model: signIn },
  { view: 'sign-in', label: 'remembered', model: { ...signIn, remembered: [alex] } },
  {
    view: 'sign-in',
    label: 'remembered-several',
    model: {
      ...signIn,
      email: 'sam@northwind.example',
      remembered: [alex, { email: 'a.rather.long.address.of.somebody@subsidiary.northwind.example' }],
      signUp: false,
    },
  },
  {
    view: 'sign-in',
    label: 'organization',
    model: { ...signIn, askOrganization: true, organization: 'north', passkey: false },
  },
  {
    view: 'sign-in',
    label: 'refused',
    model: { ...signIn, email: alex.email, notice: { tone: 'error', code: 'too_many_tries', retryAfterSeconds: 90 } },
  },
  { view: 'organization', label: 'first', model: { ...shell, organization: '' } },
  {
    view: 'password',
    label: 'first',
    model: { ...shell, account: { email: alex.email }, passkey: true, otherWays: ['recovery-code'] },
  },
  {
    view: 'password',
    label: 'refused',
    model: {
      ...shell,
      account: { email: alex.email },
      passkey: false,
      otherWays: [],
      notice: { tone: 'error', code: 'sign_in_failed' },
    },
  },
  { view: 'passkey', label: 'alone', model: { ...shell, account: alex, second: false, otherWays: ['recovery-code'] } },
  {
    view: 'passkey',
    label: 'second',
    model: { ...shell, account: alex, second: true, otherWays: ['totp', 'recovery-code'] },
  },
  { view: 'totp', label: 'first', model: { ...shell, account: alex, otherWays: ['passkey', 'recovery-code'] } },
  {
    view: 'totp',
    label: 'refused',
    model: { ...shell, account: alex, otherWays: [], notice: { tone: 'error', code: 'code_refused' } },
  },
  {
    view: 'recovery-code',
    label: 'first',
    model: { ...shell, account: { email: alex.email }, otherWays: ['password'] },
  },
  {
    view: 'recovery-code',
    label: 'refused',
    model: {
      ...shell,
      account: alex,
      otherWays: ['passkey', 'totp'],
      notice: { tone: 'error', code: 'code_refused', reason: 'recovery-code' },
    },
  },
  {
    view: 'email-code',
    label: 'first',
    model: { ...shell, account: alex, isSent: false, otherWays: ['totp'] },
  },
  { view: 'email-code', label: 'sent', model: { ...shell, account: alex, isSent: true, otherWays: [] } },
  { view: 'enrol-passkey', label: 'offer', model: { ...shell, ...enrolling } },
  { view: 'enrol-passkey', label: 'local', model: { ...shell, ...enrolling, local: true } },
  { view: 'enrol-passkey', label: 'must', model: { ...shell, ...enrolling, must: true } },
  {
    view: 'enrol-passkey',
    label: 'recovers',
    model: { ...shell, ...enrolling, must: true, recovers: 'code', otherWays: ['passkey'] },
  },
  {
    view: 'enrol-passkey',
    label: 'recovers-link',
    model: { ...shell, ...enrolling, must: true, recovers: 'link', otherWays: ['passkey'] },
  },
  { view: 'sign-in', label: 'help', model: { ...signIn, help: true } },
  { view: 'sign-in-help', label: 'first', model: { ...shell, email: '', ways: ['password', 'passkey'] } },
  { view: 'sign-in-help-sent', label: 'password', model: { ...shell, email: alex.email, way: 'password' } },
  {
    view: 'sign-in-help-sent',
    label: 'passkey',
    model: { ...shell, email: alex.email, way: 'passkey', waitingHours: 48 },
  },
  { view: 'recover', label: 'asked', model: { ...recovery, stopLink: '/recover/stop/x' } },
  { view: 'recover', label: 'offered', model: { ...recovery, stopLink: '/recover/stop/x', device: undefined } },
  { view: 'recover-stop', label: 'first', model: recovery },
  { view: 'recover-stopped', label: 'first', model: { organizationName: 'Northwind', email: alex.email } },
  {
    view: 'password-reset',
    label: 'first',
    model: { organizationName: 'Northwind', email: alex.email, path: '/reset-password/x', minimumLength: 15 },
  },
  { view: 'password-reset-done', label: 'first', model: { organizationName: 'Northwind', email: alex.email } },
  { view: 'recovery-codes-spent', label: 'first', model: { ...shell, account: alex } },
  { view: 'recovery-codes-renewed', label: 'first', model: { ...shell, ...recoveryCodeSheet } },
  {
    view: 'consent',
    label: 'first',
    model: {
      ...shell,
      account: alex,
      redirectHost: 'ledger.example',
      items: [
        { scope: 'openid' },
        { scope: 'profile', value: alex.name },
        { scope: 'email', value: alex.email },
        { scope: 'offline_access' },
      ],
      resources: [
        { indicator: 'https://api.ledger.example/', scopes: ['invoices:read', 'invoices:write'] },
        { indicator: 'https://mail.ledger.example/', scopes: [] },
      ],
    },
  },
  { view: 'sign-up-email', label: 'first', model: { ...shell, email: '' } },
  { view: 'sign-up-code', label: 'first', model: { ...shell, email: alex.email } },
  { view: 'sign-up-code', label: 'development', model: { ...shell, email: alex.email, mailsPath: '/dev/mail' } },
  { view: 'sign-up', label: 'verified', model: { ...shell, email: alex.email, isVerified: true, name: '' } },
  { view: 'sign-up', label: 'first', model: { ...shell, email: '', name: '' } },
  {
    view: 'sign-up',
    label: 'refused',
    model: { ...shell, ...alex, notice: { tone: 'error', code: 'account_exists' } },
  },
  {
    view: 'sign-out',
    label: 'first',
    model: { organizationName: 'Northwind', action: '/session/end/confirm', xsrf: 'd2a8f1' },
  },
  { view: 'signed-out', label: 'first', model: { organizationName: 'Northwind' } },
  {
    view: 'error',
    label: 'person',
    model: {
      organizationName: 'Northwind',
      applicationName: 'Ledger',
      code: 'sign_in_expired',
      blame: 'person',
      requestId: 'Jx0-9mT2kQ',
      details: [],
      continueTo: '/account',
    },
  },
  {
    view: 'error',
    label: 'application',
    model: {
      organizationName: 'Northwind',
      applicationName: 'Ledger',
      code: 'application_error',
      blame: 'application',
      requestId: 'Jx0-9mT2kQ',
      details: [
        { name: 'error', value: 'invalid_redirect_uri' },
        { name: 'redirect_uri', value: 'https://ledger.example/callback?from=somewhere-that-is-long' },
      ],
    },
  },
  {
    view: 'error',
    label: 'us',
    model: {
      organizationName: 'Northwind',
      code: 'store_unavailable',
      blame: 'us',
      requestId: 'Jx0-9mT2kQ',
      details: [],
    },
  },
  { view: 'set-up', label: 'first', model: { ...shell, applicationName: undefined, email: '', name: '' } },
  { view: 'set-up-done', label: 'first', model: { organizationName: 'Northwind' } },
  {
    view: 'security',
    label: 'full',
    model: { ...security, notice: { tone: 'success', event: 'passkey-added', name: 'Work laptop' } },
  },
  {
    view: 'security',
    label: 'second-factor',
    model: { ...security, passkeys: [keyPasskey], secondPasskeySuggested: true, secondFactor: 'passkey' },
  },
  { view: 'security', label: 'second-factor-totp', model: { ...security, secondFactor: 'totp' } },
  {
    view: 'security',
    label: 'recovery',
    model: {
      ...security,
      recovery: { startedAt: recovery.startedAt, waitsUntil: new Date('2026-11-21T09:12:00Z') },
    },
  },
  {
    view: 'security',
    label: 'empty',
    model: {
      ...security,
      passkeys: [],
      totp: { on: false },
      recoveryCodes: { left: 0, suggested: true },
      password: { set: false },
      sessions: [phoneSession],
      applications: [],
      activity: [],
    },
  },
  {
    view: 'security',
    label: 'passwordless',
    model: {
      ...security,
      passkeys: [phonePasskey],
      totp: undefined,
      recoveryCodes: { left: 0, madeAt: new Date('2026-03-03T09:12:00Z'), suggested: false },
      password: { set: true, switchedOffAt: new Date('2026-03-03T09:12:00Z') },
      notice: { tone: 'error', code: 'last_way_in' },
      signals: {
        rpId: 'northwind.example',
        userId: 'dXNlcg',
        name: alex.email,
        displayName: alex.name,
        acceptedIds: [phonePasskey.id],
      },
    },
  },
  {
    view: 'passkey-add',
    label: 'name-before',
    model: { ...signedIn, naming: 'before', name: 'Work laptop', otherDevice: true },
  },
  { view: 'passkey-add', label: 'name-after', model: { ...signedIn, naming: 'after', name: '', otherDevice: false } },
  {
    view: 'passkey-rename',
    label: 'fresh',
    model: { ...signedIn, passkey: phonePasskey, fresh: true, notice: { tone: 'success', event: 'passkey-added' } },
  },
  { view: 'passkey-rename', label: 'later', model: { ...signedIn, passkey: keyPasskey, fresh: false } },
  { view: 'passkey-delete', label: 'first', model: { ...signedIn, passkey: keyPasskey, last: false } },
  { view: 'passkey-delete', label: 'last', model: { ...signedIn, passkey: keyPasskey, last: true } },
  { view: 'confirm', label: 'passkey', model: { ...confirm, otherMethods: ['password', 'totp', 'email-code'] } },
  { view: 'confirm', label: 'only-passkey', model: { ...confirm, purpose: 'add-passkey' } },
  {
    view: 'confirm',
    label: 'password-refused',
    model: {
      ...confirm,
      purpose: 'change-password',
      method: 'password',
      otherMethods: ['passkey', 'email-link'],
      notice: { tone: 'error', code: 'wrong_password' },
    },
  },
  {
    view: 'confirm',
    label: 'totp-refused',
    model: {
      ...confirm,
      purpose: 'delete-totp',
      method: 'totp',
      notice: { tone: 'error', code: 'too_many_tries', retryAfterSeconds: 30 },
    },
  },
  ...(['email-code', 'email-link'] as const).flatMap((method): PageSample[] => [
    { view: 'confirm', label: method, model: { ...confirm, method, otherMethods: ['totp'] } },
    { view: 'confirm', label: `${method}-sent`, model: { ...confirm, method, otherMethods: ['totp'], isSent: true } },
  ]),
  {
    view: 'totp-add',
    label: 'first',
    model: {
      ...signedIn,
      ticket: 'mS3uY7',
      secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
      qrCode: { size: 21, path: 'M0 0h7v7H0zM14 0h7v7h-7zM0 14h7v7H0zM9 9h3v3H9zM2 2h3v3H2z' },
      uri: 'otpauth://totp/Northwind:alex?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Northwind',
    },
  },
  { view: 'totp-delete', label: 'first', model: signedIn },
  { view: 'recovery-codes-make', label: 'first', model: { ...signedIn, left: 0 } },
  { view: 'recovery-codes-make', label: 'again', model: { ...signedIn, left: 7 } },
  { view: 'recovery-codes-made', label: 'first', model: { ...signedIn, ...recoveryCodeSheet } },
  {
    view: 'password-change',
    label: 'change',
    model: { ...signedIn, isNew: false, askCurrent: true, minimumLength: 15 },
  },
  {
    view: 'password-change',
    label: 'create-refused',
    model: {
      ...signedIn,
      isNew: true,
      askCurrent: false,
      minimumLength: 15,
      notice: { tone: 'error', code: 'weak_password', reason: 'common' },
    },
  },
  {
    view: 'activity',
    label: 'latest',
    model: { ...signedIn, events: activityEvents, isLatest: true, next: 'WzE3NjQ' },
  },
  { view: 'activity', label: 'earliest', model: { ...signedIn, events: activityEvents.slice(0, 3), isLatest: false } },
  { view: 'activity', label: 'empty', model: { ...signedIn, events: [], isLatest: true } },
  { view: 'sign-out-everywhere', label: 'first', model: signedIn },
  { view: 'application-revoke', label: 'first', model: { ...signedIn, application: ledger } },
  {
    view: 'dev-mail',
    label: 'full',
    model: { organizationName: 'Northwind', mails: [devMail, { ...devMail, name: 'b' }] },
  },
  { view: 'other-device', label: 'first', model: { ...otherDevice, at: notMe.at, device: notMe.device } },
  {
    view: 'other-device-confirm',
    label: 'password-refused',
    model: {
      ...otherDevice,
      csrf: signedIn.csrf,
      query: '?for=add-passkey',
      method: 'password',
      isSent: false,
      otherMethods: ['totp', 'passkey'],
      notice: { tone: 'error', code: 'wrong_password' },
    },
  },
  {
    view: 'other-device-passkey',
    label: 'named',
    model: { ...otherDevice, email: alex.email, csrf: signedIn.csrf, naming: 'before' },
  },
  ...(['approval', 'storing', 'done', 'refused', 'expired'] as const).map((state) => ({
    view: 'other-device-outcome' as const,
    label: state,
    model: {
      ...otherDevice,
      state,
      number: '07',
      ...(state === 'refused' && { dropped: { rpId: 'id.northwind.example', id: 'kX9v2mQe4rTz' } }),
    },
  })),
  ...(['pending', 'opened', 'approval', 'storing', 'done', 'refused', 'expired'] as const).map((state) => ({
    view: 'other-device-invite' as const,
    label: state,
    model: { ...invitation, state },
  })),
  { view: 'other-device-invite', label: 'sent', model: { ...invitation, state: 'pending', isSent: true } },
  {
    view: 'other-device-invite',
    label: 'storing-refused',
    model: { ...invitation, state: 'storing', notice: { tone: 'error', code: 'too_many_passkeys' } },
  },
  {
    view: 'confirm-link',
    label: 'first',
    model: {
      organizationName: 'Northwind',
      email: alex.email,
      path: '/confirm/q3Jt0mFZ5xkVv1cYh7Wb2LrN8sUe4aXo6pTdIgKjHyM',
      purpose: 'delete-passkey',
      name: keyPasskey.name,
      at: notMe.at,
      device: notMe.device,
    },
  },
  { view: 'address-change', label: 'first', model: signedIn },
  {
    view: 'address-change',
    label: 'refused',
    model: { ...signedIn, notice: { tone: 'error', code: 'address_unchanged' } },
  },
  { view: 'address-code', label: 'first', model: { ...signedIn, newEmail: 'alex.example@mail.example' } },
  {
    view: 'address-code',
    label: 'refused',
    model: {
      ...signedIn,
      newEmail: 'a.rather.long.address.of.somebody@subsidiary.northwind.example',
      notice: { tone: 'error', code: 'code_refused', reason: 'email-code' },
    },
  },
  { view: 'email', label: 'first', model: { ...signedIn, isSent: false } },
  { view: 'email', label: 'sent', model: { ...signedIn, isSent: true } },
  ...(['here', 'elsewhere', 'only-there'] as const).map((way) => ({
    view: 'verify-address' as const,
    label: way,
    model: {
      organizationName: 'Northwind',
      email: alex.email,
      path: '/verify/q3Jt0mFZ5xkVv1cYh7Wb2LrN8sUe4aXo6pTdIgKjHyM',
      at: notMe.at,
      device: notMe.device,
      way,
    },
  })),
  { view: 'address-taken-over', label: 'first', model: { organizationName: 'Northwind', email: alex.email } },
  { view: 'confirm-link-done', label: 'first', model: { organizationName: 'Northwind' } },
  ...NOTICE_KINDS.map((kind) => ({
    view: 'not-me' as const,
    label: kind,
    model: { ...notMe, kind, isAddition: kind === 'passkey-added' },
  })),
  ...(['removed', 'kept', 'nothing-new', 'address-restored', 'address-taken'] as const).map((outcome) => ({
    view: 'not-me-done' as const,
    label: outcome,
    model: { organizationName: 'Northwind', email: alex.email, outcome },
  })),
  { view: 'dev-mail', label: 'empty', model: { organizationName: 'Northwind', mails: [] } },
  {
    view: 'dev-mail-message',
    label: 'first',
    model: {
      organizationName: 'Northwind',
      mail: devMail,
      paragraphs: [
        [{ text: 'Northwind' }],
        [{ text: 'Confirm your e-mail address' }],
        [{ text: 'Your code: 48215093' }],
        [
          { text: 'Confirm the address:' },
          {
            text: 'https://id.northwind.example/verify/q3Jt0mFZ5xkVv1cYh7Wb2L',
            path: '/verify/q3Jt0mFZ5xkVv1cYh7Wb2L',
          },
        ],
      ],
    },
  },
];
