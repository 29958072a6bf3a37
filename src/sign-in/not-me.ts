import type { Account } from '../accounts/account-store.ts';
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
import type { SignInAccount } from './next-step.ts';
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
  readonly auditLog: AuditLog;
  readonly endSessions: (id: AccountId) => Promise<void>;
}

/** What the link of a notice speaks of, for a page. */
export interface DisputedNotice {
  readonly account: Account;
  readonly organization: Organization;
  readonly kind: NoticeKind;
  readonly at: Date;
  readonly device: string;
  /** Something came to the account that can be taken away again. */
  readonly isAddition: boolean;
}

/** Everybody is signed out in any case. `kept`: what came is the only way in, so it is still there. `nothing-new`: there is nothing to take away. */
export type NotMeOutcome = 'removed' | 'kept' | 'nothing-new';

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
    const { kind, at, device } = disputed;
    const { stored: account, organization } = found;
    return { account, organization, kind, at, device, isAddition: ADDITIONS[kind] !== undefined };
  }

  /**
   * Signs everybody out, then takes away what came, unless nobody could get in without it. The link is spent last: where something fails
   * in between it works again. Throws `link_used_or_expired`.
   */
  async undo(token: string, device: string): Promise<NotMeOutcome> {
    const { notMeLinks, notices, auditLog, endSessions } = this.#deps;
    const { disputed, found } = await this.#require(token);
    await endSessions(disputed.accountId);
    await auditLog.record({ type: 'notice-disputed', notice: disputed.kind }, { account: found.stored, device });
    const removal = await this.#findRemoval(disputed, found);
    const isKept = removal !== undefined && !hasWayIn({ ...found.account, ...removal.without }, found.policy);
    if (removal && !isKept) {
      await removal.remove();
      await notices.tell(removal.message, { account: found.stored, organization: found.organization, device });
    }
    await notMeLinks.spend(token);
    if (!removal) return 'nothing-new';
    return isKept ? 'kept' : 'removed';
  }

  async #require(token: string): Promise<{ readonly disputed: Disputed; readonly found: FoundAccount }> {
    const { notMeLinks, signInAccounts } = this.#deps;
    const disputed = await notMeLinks.find(token);
    const found = disputed && (await signInAccounts.find(disputed.accountId));
    if (!found) throw new AppError('link_used_or_expired');
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
        const keepOne = !hasWayIn({ ...account, passkeys: [] }, policy); // two of them may be taken away at once
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
