import type { AuditLog } from '../audit/audit-log.ts';
import { AppError } from '../lib/app-error.ts';
import type { AccountId } from '../lib/ids.ts';
import type { Disputed, NotMeLinks } from '../notices/not-me-links.ts';
import type { NoticeKind, NoticeMessage } from '../notices/notice-message.ts';
import { type Notices, toTarget } from '../notices/notices.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Passkeys } from '../passkeys/passkeys.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { RecoveryCodes } from '../recovery/recovery-codes.ts';
import type { Totps } from '../totp/totp.ts';
import type { ChangingAddress } from './changing-address.ts';
import type { SignInAccount } from './next-step.ts';
import type { Removals } from './removals.ts';
import type { FoundAccount, SignInAccounts } from './sign-in-accounts.ts';
import { hasWayIn } from './ways-in.ts';

interface Deps {
  readonly notMeLinks: NotMeLinks;
  readonly notices: Notices;
  readonly signInAccounts: SignInAccounts;
  readonly passkeys: Passkeys;
  readonly passwords: Passwords;
  readonly totps: Totps;
  readonly recoveryCodes: RecoveryCodes;
  readonly changingAddress: ChangingAddress;
  readonly removals: Removals;
  readonly auditLog: AuditLog;
  readonly endSessions: (id: AccountId) => Promise<void>;
}

/** What the link of a notice speaks of, for a page. */
export interface DisputedNotice {
  /** Where the notice went; what the address is by now, whoever reads it need not know. */
  readonly email: string;
  readonly organization: Organization;
  readonly kind: NoticeKind;
  readonly at: Date;
  readonly device: string;
  /** Something came to the account that can be taken away again. */
  readonly isAddition: boolean;
}

/**
 * Everybody is signed out in any case. `kept`: what came is the only way in, so it is still there. `nothing-new`: there is nothing to take
 * away. Of an address: it was `restored`, or is `taken`, by another account.
 */
export type NotMeOutcome = 'removed' | 'kept' | 'nothing-new' | 'address-restored' | 'address-taken';

/** What was disputed, of which account as it is now, and with what. */
interface Dispute {
  readonly disputed: Disputed;
  readonly found: FoundAccount;
  readonly device: string;
}

type Addition = 'passkey' | 'password' | 'totp' | 'recovery-codes';

/** How something that came is taken away again. */
interface Removal {
  /** What the account is then. */
  readonly without: Partial<SignInAccount>;
  readonly message: NoticeMessage;
  remove(): Promise<unknown>;
}

/** What is new after a notice; after the others something is gone, or somebody is in. */
const ADDITIONS: { readonly [Kind in NoticeKind]?: Addition } = {
  'passkey-added': 'passkey',
  'recovery-done': 'passkey',
  'password-set': 'password',
  'password-on': 'password',
  'password-changed': 'password',
  'password-reset': 'password',
  'totp-on': 'totp',
  'recovery-codes-made': 'recovery-codes',
};

/**
 * What becomes of an account whose owner says of a notice that it was not they. The link of the mail is enough: whoever reads the mail may
 * end what goes on and undo what was done, and gets in nowhere by it.
 */
export class NotMe {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Looking changes nothing. Throws `link_used_or_expired`. */
  async require(token: string): Promise<DisputedNotice> {
    const { disputed, found } = await this.#require(token);
    const { kind, at, device, address } = disputed;
    const { organization } = found;
    return { email: address.email, organization, kind, at, device, isAddition: ADDITIONS[kind] !== undefined };
  }

  /**
   * Signs everybody out, then takes away what came, unless nobody could get in without it, and signs out who came in with it in between.
   * The link is spent last: where something fails before, it works again. Throws `link_used_or_expired`.
   */
  async undo(token: string, device: string): Promise<NotMeOutcome> {
    const { notMeLinks, auditLog, endSessions } = this.#deps;
    const dispute = { ...(await this.#require(token)), device };
    const { disputed, found } = dispute;
    await endSessions(disputed.accountId);
    await auditLog.record({ type: 'notice-disputed', notice: disputed.kind }, { account: found.stored, device });
    const isAddress = disputed.kind === 'address-changed';
    const outcome = await (isAddress ? this.#putAddressBack(dispute) : this.#takeAway(dispute));
    await endSessions(disputed.accountId);
    await notMeLinks.spend(token);
    return outcome;
  }

  async #putAddressBack({ disputed, found, device }: Dispute): Promise<NotMeOutcome> {
    const { address, at: changedAt } = disputed;
    const change = { organization: found.organization, address, changedAt, device };
    const outcome = await this.#deps.changingAddress.undo(found.stored, change);
    return outcome === 'unchanged' ? 'nothing-new' : `address-${outcome}`;
  }

  #takeAway({ disputed, device }: Dispute): Promise<NotMeOutcome> {
    return this.#deps.removals.inTurn(disputed.accountId, async (found) => {
      const removal = await this.#findRemoval(disputed, found);
      if (!removal) return 'nothing-new';
      if (!hasWayIn({ ...found.account, ...removal.without }, found.policy)) return 'kept';
      await removal.remove();
      await this.#deps.notices.tell(removal.message, {
        account: found.stored,
        organization: found.organization,
        device,
      });
      return 'removed';
    });
  }

  async #require(token: string): Promise<Omit<Dispute, 'device'>> {
    const { notMeLinks, signInAccounts } = this.#deps;
    const disputed = await notMeLinks.find(token);
    const found = disputed && (await signInAccounts.find(disputed.accountId));
    if (!found || isOverruled(disputed, found)) throw new AppError('link_used_or_expired');
    return { disputed, found };
  }

  /** Undefined where nothing came, or what came is gone or was replaced since, which is its owner's business. */
  async #findRemoval(disputed: Disputed, { account, stored, policy }: FoundAccount): Promise<Removal | undefined> {
    const { passkeys, passwords, totps, recoveryCodes } = this.#deps;
    const { kind, target } = disputed;
    const isIt = (since: Date | undefined) => target !== undefined && toTarget(since) === target;
    switch (ADDITIONS[kind]) {
      case 'passkey': {
        const passkey = (await passkeys.list(account.id)).find(({ id }) => id === target);
        if (!passkey) return undefined;
        const without = { passkeys: account.passkeys.filter(({ id }) => id !== target) };
        const keepOne = !hasWayIn({ ...account, passkeys: [] }, policy); // should this outlast its turn
        const remove = () => passkeys.remove(account.id, passkey.id, { keepOne });
        return { without, remove, message: { type: 'passkey-removed', passkeyName: passkey.name } };
      }
      case 'password': {
        const remove = () => passwords.remove(stored);
        const without = { passwordSetAt: undefined };
        return isIt(account.passwordSetAt) ? { without, remove, message: { type: 'password-removed' } } : undefined;
      }
      case 'totp': {
        const remove = () => totps.remove(account.id);
        const without = { totpSince: undefined };
        return isIt(account.totpSince) ? { without, remove, message: { type: 'totp-off' } } : undefined;
      }
      case 'recovery-codes': {
        const remove = () => recoveryCodes.remove(account.id);
        const without = { recoveryCodes: undefined };
        const isSo = isIt(account.recoveryCodes?.madeAt);
        return isSo ? { without, remove, message: { type: 'recovery-codes-removed' } } : undefined;
      }
      case undefined:
        return undefined;
    }
  }
}

/** Whoever had the address for a while and lost it again, by such a link, has no say any more. */
function isOverruled({ address, at }: Disputed, { stored }: FoundAccount): boolean {
  const { emailRestoredAt, emailKey } = stored;
  return emailRestoredAt !== undefined && at <= emailRestoredAt && address.emailKey !== emailKey;
}
