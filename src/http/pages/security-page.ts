import { findAuthenticatorName } from '../../passkeys/authenticator-names.ts';
import type { PasskeyOwners } from '../../passkeys/passkey-owners.ts';
import type { Passkey } from '../../passkeys/passkey-store.ts';
import type { Passkeys } from '../../passkeys/passkeys.ts';
import type { AppContext } from '../app-context.ts';
import type { SignedIn } from '../session.ts';
import type { Notice, PasskeyRow, SuccessEvent } from '../view-models.ts';
import { describeShell } from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly passkeys: Passkeys;
  readonly passkeyOwners: PasskeyOwners;
  readonly pages: Pages;
}

/** What a redirect may say happened; the page has the words. */
const SUCCESS_EVENTS: ReadonlySet<string> = new Set<SuccessEvent>([
  'passkey-added',
  'passkey-renamed',
  'passkey-deleted',
  'totp-on',
  'totp-off',
  'password-set',
  'signed-out-elsewhere',
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
    const { passkeys, passkeyOwners, pages } = this.#deps;
    const { stored, account, organization } = person;
    const { policy } = organization;
    const { password } = stored;
    const own = await passkeys.list(stored.id);
    const model = {
      ...describeShell(person, refusal?.notice ?? readSuccess(ctx)),
      passkeys: own.map(toRow),
      signals: await passkeyOwners.signals(stored),
      passkeysOffered: policy.passkey !== 'off',
      totp: policy.secondFactors.includes('totp')
        ? { on: account.totpSince !== undefined, since: account.totpSince }
        : undefined,
      password:
        policy.password === 'off'
          ? undefined
          : { set: password !== undefined, setAt: password?.setAt, switchedOffAt: password?.switchedOffAt },
    };
    pages.send(ctx, 'security', model, refusal?.status);
  }
}

/** A passkey as the pages list it. */
export function toRow(passkey: Passkey): PasskeyRow {
  const { id, name, aaguid, backedUp, createdAt, lastUsedAt, lastUsedWith, transports } = passkey;
  // Keys that are carried along speak over a cable or by touch, and never from within the device.
  const isKey = transports.length > 0 && !transports.includes('internal') && !transports.includes('hybrid');
  return {
    id,
    name,
    provider: findAuthenticatorName(aaguid),
    kind: isKey ? 'security-key' : 'device',
    synced: backedUp,
    createdAt,
    lastUsedAt,
    lastUsedWith,
  };
}

function readSuccess(ctx: AppContext): Notice | undefined {
  const { done } = ctx.query;
  if (typeof done !== 'string' || !SUCCESS_EVENTS.has(done)) return undefined;
  return { tone: 'success', event: done as SuccessEvent }; // the set holds nothing else
}
