import type { Views } from '../../src/http/view.ts';
import type { ViewModels, ViewName } from '../../src/http/view-models.ts';

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
const phonePasskey = {
  id: 'kX9v2mQe4rTz',
  name: 'iCloud Keychain',
  provider: 'iCloud Keychain',
  synced: true,
  kind: 'device',
  createdAt: new Date('2026-03-03T09:12:00Z'),
  lastUsedAt: new Date('2026-11-20T18:30:00Z'),
  lastUsedWith: 'Safari on iPhone',
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
const laptopPasskey = {
  id: 'Zq1uH5jFa3Ko',
  name: 'Work laptop',
  synced: false,
  createdAt: new Date('2026-10-01T07:45:00Z'),
} as const;
const security = {
  ...signedIn,
  passkeys: [phonePasskey, keyPasskey, laptopPasskey],
  passkeysOffered: true,
  totp: { on: true },
  password: { set: true, setAt: new Date('2025-12-24T10:00:00Z') },
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
  { view: 'password', label: 'first', model: { ...shell, account: { email: alex.email }, passkey: true } },
  {
    view: 'password',
    label: 'refused',
    model: {
      ...shell,
      account: { email: alex.email },
      passkey: false,
      notice: { tone: 'error', code: 'sign_in_failed' },
    },
  },
  { view: 'passkey', label: 'alone', model: { ...shell, account: alex, second: false, otherMethods: [] } },
  { view: 'passkey', label: 'second', model: { ...shell, account: alex, second: true, otherMethods: ['totp'] } },
  { view: 'totp', label: 'first', model: { ...shell, account: alex, otherMethods: ['passkey'] } },
  {
    view: 'totp',
    label: 'refused',
    model: { ...shell, account: alex, otherMethods: [], notice: { tone: 'error', code: 'code_refused' } },
  },
  { view: 'enrol-passkey', label: 'offer', model: { ...shell, account: alex, must: false } },
  { view: 'enrol-passkey', label: 'must', model: { ...shell, account: alex, must: true } },
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
    label: 'empty',
    model: { ...security, passkeys: [], totp: { on: false }, password: { set: false } },
  },
  {
    view: 'security',
    label: 'passwordless',
    model: {
      ...security,
      passkeys: [phonePasskey],
      totp: undefined,
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
  { view: 'passkey-add', label: 'name-before', model: { ...signedIn, naming: 'before', name: 'Work laptop' } },
  { view: 'passkey-add', label: 'name-after', model: { ...signedIn, naming: 'after', name: '' } },
  {
    view: 'passkey-rename',
    label: 'fresh',
    model: { ...signedIn, passkey: phonePasskey, fresh: true, notice: { tone: 'success', event: 'passkey-added' } },
  },
  { view: 'passkey-rename', label: 'later', model: { ...signedIn, passkey: keyPasskey, fresh: false } },
  { view: 'passkey-delete', label: 'first', model: { ...signedIn, passkey: keyPasskey } },
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
  { view: 'password-change', label: 'change', model: { ...signedIn, askCurrent: true, minimumLength: 15 } },
  {
    view: 'password-change',
    label: 'create-refused',
    model: {
      ...signedIn,
      askCurrent: false,
      minimumLength: 15,
      notice: { tone: 'error', code: 'weak_password', reason: 'common' },
    },
  },
  { view: 'sign-out-everywhere', label: 'first', model: signedIn },
];
