import type { PendingRecovery } from '../../accounts/account-store.ts';
import type { AuditLog } from '../../audit/audit-log.ts';
import type { Clients } from '../../clients/clients.ts';
import type { AccountSessions } from '../../oidc/account-sessions.ts';
import type { Consents } from '../../oidc/consents.ts';
import type { Policy } from '../../organizations/policy.ts';
import { findAuthenticatorName } from '../../passkeys/authenticator-names.ts';
import { isOnKey } from '../../passkeys/passkey-name.ts';
import type { PasskeyOwners } from '../../passkeys/passkey-owners.ts';
import type { Passkey } from '../../passkeys/passkey-store.ts';
import type { Passkeys } from '../../passkeys/passkeys.ts';
import type { Recovering } from '../../sign-in/recovering.ts';
import { describeActivity } from '../activity.ts';
import type { AppContext } from '../app-context.ts';
import type { KnownBrowsers } from '../known-browser.ts';
import type { SignedIn } from '../session.ts';
import type { Notice, PasskeyRow, SecondFactorTab, SuccessEvent } from '../view-models.ts';
import { listApplications } from './account-application-pages.ts';
import { toSessionRows } from './account-session-pages.ts';
import { describeShell } from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly passkeys: Passkeys;
  readonly passkeyOwners: PasskeyOwners;
  readonly knownBrowsers: KnownBrowsers;
  readonly accountSessions: AccountSessions;
  readonly consents: Consents;
  readonly recovering: Recovering;
  readonly clients: Clients;
  readonly auditLog: AuditLog;
  readonly scopeClaims: { readonly [scope: string]: readonly string[] };
  readonly pages: Pages;
}

/** So many events are on this page. */
const RECENT = 10;

/** What a redirect may say happened; the page has the words. */
const SUCCESS_EVENTS: ReadonlySet<string> = new Set<SuccessEvent>([
  'passkey-added',
  'passkey-renamed',
  'passkey-deleted',
  'totp-on',
  'totp-off',
  'password-set',
  'session-ended',
  'signed-out-elsewhere',
  'application-revoked',
  'email-verified',
  'address-changed',
  'recovery-stopped',
  'recovered',
  'account-ready',
]);

/** The page that shows how a person signs in. */
export class SecurityPage {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async send(
    ctx: AppContext,
    person: SignedIn,
    refusal?: { readonly notice: Notice; readonly status: number },
  ): Promise<void> {
    const { passkeys, recovering, passkeyOwners, knownBrowsers, accountSessions, pages } = this.#deps;
    const { stored, account, organization } = person;
    const { policy } = organization;
    const { password } = stored;
    const own = await passkeys.list(stored.id);
    const model = {
      ...describeShell(person, refusal?.notice ?? readSuccess(ctx, own)),
      emailVerified: stored.emailVerified,
      emailChangeable: !policy.sso?.required,
      passkeys: own.map((passkey) => ({ ...toRow(passkey), here: knownBrowsers.isHere(ctx, stored.id, passkey.id) })),
      signals: await passkeyOwners.signals(stored),
      passkeysOffered: policy.passkey !== 'off',
      recovery: describeRecovery(recovering.findPending(stored)),
      secondPasskeySuggested: isSecondSuggested(person, own),
      secondFactor: chooseTab(ctx, policy),
      totp: policy.secondFactors.includes('totp')
        ? { on: account.totpSince !== undefined, since: account.totpSince }
        : undefined,
      recoveryCodes: policy.secondFactors.includes('recovery-code')
        ? describeRecoveryCodes(person, { own, done: ctx.query.done })
        : undefined,
      password:
        policy.password === 'off'
          ? undefined
          : { set: password !== undefined, setAt: password?.setAt, switchedOffAt: password?.switchedOffAt },
      sessions: toSessionRows(await accountSessions.list(stored.id), person),
      applications: await listApplications(stored.id, this.#deps),
      activity: (await this.#deps.auditLog.listByAccount(stored.id, { limit: RECENT })).items.map(describeActivity),
    };
    pages.send(ctx, 'security', model, refusal?.status);
  }
}

/** Where one passkey is all there is, and stays behind with its device. */
function isSecondSuggested({ account, organization }: SignedIn, own: readonly Passkey[]): boolean {
  const isOffered = organization.policy.enrolPasskey !== 'manual' && account.passkeyOfferDue;
  return isOffered && account.passkeys.length === 1 && own.every(({ backedUp }) => !backedUp);
}

function chooseTab({ query }: AppContext, { passkey, secondFactors }: Policy): SecondFactorTab | undefined {
  if (passkey !== 'second' || !secondFactors.includes('totp')) return undefined;
  return query.factor === 'totp' || query.done === 'totp-on' || query.done === 'totp-off' ? 'totp' : 'passkey';
}

function describeRecovery(recovery: PendingRecovery | undefined) {
  return recovery && { startedAt: recovery.startedAt, waitsUntil: recovery.endsAt ? undefined : recovery.opensAt };
}

/** Codes are suggested once, to who has just set up what could be lost with a device. */
function describeRecoveryCodes(
  { account: { recoveryCodes } }: SignedIn,
  { own, done }: { readonly own: readonly Passkey[]; readonly done: unknown },
) {
  const { left = 0, madeAt } = recoveryCodes ?? {};
  const isFirst = own.length === 1 && own.every(({ backedUp, lastUsedAt }) => !backedUp && !lastUsedAt);
  const isNamed = done === 'passkey-added' || done === 'passkey-renamed'; // the last step of making one, as the policy has it
  const suggested = left === 0 && (done === 'totp-on' || (isNamed && isFirst));
  return { left, madeAt, suggested };
}

/** A passkey as the pages list it. */
export function toRow(passkey: Passkey): PasskeyRow {
  const { id, name, aaguid, backedUp, createdAt, lastUsedAt, lastUsedWith, transports, verifiedAt } = passkey;
  return {
    id,
    name,
    provider: findAuthenticatorName(aaguid),
    kind: isOnKey(transports) ? 'security-key' : 'device',
    synced: backedUp,
    unproven: verifiedAt === undefined,
    createdAt,
    lastUsedAt,
    lastUsedWith,
  };
}

function readSuccess({ query }: AppContext, own: readonly Passkey[]): Notice | undefined {
  const { done, passkey } = query;
  if (typeof done !== 'string' || !SUCCESS_EVENTS.has(done)) return undefined;
  const name = own.find(({ id }) => id === passkey)?.name;
  return { tone: 'success', event: done as SuccessEvent, name }; // the set holds nothing else
}
