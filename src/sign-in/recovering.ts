import type { Account, PendingRecovery } from '../accounts/account-store.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { hasWaited, isRecoveryOver, isSameRecovery, isUnderWay } from '../accounts/pending-recovery.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import type { AccountId, Ids, SignInId } from '../lib/ids.ts';
import type { Notices } from '../notices/notices.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Policy } from '../organizations/policy.ts';
import type { Passkey } from '../passkeys/passkey-store.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';
import type { OpenSignIns, Progress } from './open-sign-ins.ts';
import { RECOVERY_LINK_SECONDS, type RecoveryLinks } from './recovery-links.ts';
import type { RecoveryMails } from './recovery-mails.ts';

interface Deps {
  readonly accounts: Accounts;
  readonly openSignIns: OpenSignIns;
  readonly recoveryLinks: RecoveryLinks;
  readonly recoveryMails: RecoveryMails;
  readonly notices: Notices;
  readonly auditLog: AuditLog;
  readonly tickets: TicketStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly endSessions: (id: AccountId) => Promise<void>;
}

/** An account that a recovery is under way for. */
export interface RecoveringAccount {
  readonly account: Account;
  readonly organization: Organization;
  readonly recovery: PendingRecovery;
}

/** One of them whose link was looked at. */
export interface OpenableAccount extends RecoveringAccount {
  /** For whoever it was not. */
  readonly stopLink: string;
}

/** How long somebody may take who has used it. */
const OPENED_SECONDS = 900;

/**
 * The recovery of an account whose owner has nothing left to sign in with. It stands with the account, so that it outlives whatever is
 * short-lived; its link lets somebody make a passkey and do nothing else before they have.
 */
export class Recovering {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Begins the waiting time, unless a recovery is under way: whoever asks again is told the same once more. Whoever has waited and let the
   * link run out is sent another one, by `openDue`.
   */
  async start(
    account: Account,
    { organization, device }: { organization: Organization; device: string },
  ): Promise<void> {
    const { accounts, auditLog, clock } = this.#deps;
    if (!mayRecoverByEmail(organization.policy)) throw new AppError('method_not_offered');
    const startedAt = clock.now();
    let isFresh = false;
    const after = await accounts.changeRecovery(account.id, ({ recovery: before }) => {
      isFresh = !before || isRecoveryOver(before, startedAt);
      if (!isFresh) return before;
      if (before && hasWaited(before, startedAt))
        return { startedAt, device, opensAt: before.opensAt, toldAt: before.toldAt };
      return { startedAt, device, opensAt: findOpening(organization, startedAt) };
    });
    if (isFresh) await auditLog.record({ type: 'recovery-started' }, { account, device });
    if (after.recovery && after.recovery.opensAt > startedAt) await this.#tell(after, organization, after.recovery);
  }

  /** Answers a link that is good at once: for administrators, whose word stands in for the waiting. Its owner is mailed it too. */
  async offer(account: Account, organization: Organization): Promise<string> {
    const { accounts, recoveryMails, recoveryLinks, auditLog, clock } = this.#deps;
    if (!mayRecover(organization.policy) || account.disabledAt) throw new AppError('method_not_offered');
    const now = clock.now();
    const recovery = { startedAt: now, opensAt: now, endsAt: addSeconds(now, RECOVERY_LINK_SECONDS) };
    const after = await accounts.changeRecovery(account.id, () => recovery);
    await auditLog.record({ type: 'recovery-offered' }, { account, actor: 'operator' });
    await recoveryMails.sendOffered(after, organization, recovery);
    return recoveryLinks.create('open', after, recovery);
  }

  /**
   * The waiting time is over: mails the link. Safe to repeat and to do twice at once: the link is the same each time, and is mailed once.
   * Mails before it changes anything, so that a crash in between loses nothing. A recovery that its owner was not told of begins to wait.
   */
  async openDue(account: Account, organization: Organization): Promise<void> {
    const { recoveryMails, clock } = this.#deps;
    const { recovery: due } = account;
    if (!due) return;
    const isOffered = mayRecoverByEmail(organization.policy) && !account.disabledAt;
    if (isOffered && !due.toldAt) {
      const opensAt = findOpening(organization, clock.now());
      const after = await this.#change(account, due, (recovery) =>
        recovery.toldAt ? recovery : { ...recovery, opensAt },
      );
      if (after.recovery) await this.#tell(after, organization, after.recovery);
      return;
    }
    if (isOffered) await recoveryMails.sendReady(account, organization, due);
    const endsAt = addSeconds(clock.now(), RECOVERY_LINK_SECONDS);
    await this.#change(account, due, (recovery) => {
      if (recovery.endsAt) return recovery;
      return isOffered ? { ...recovery, endsAt } : undefined;
    });
  }

  /** Whose recovery the link opens; looking changes nothing. Throws `link_used_or_expired`. */
  async require(token: string): Promise<OpenableAccount> {
    const { recoveryLinks } = this.#deps;
    const found = await recoveryLinks.find('open', token);
    if (!found || !this.#isOpenable(found)) throw new AppError('link_used_or_expired');
    return { ...found, stopLink: recoveryLinks.create('stop', found.account, found.recovery) };
  }

  /** Uses the link up. Answers what the browser of that person has to bring to a sign-in. Throws `link_used_or_expired`, for all but one. */
  async open(token: string): Promise<string> {
    const { accounts, tickets, ids, clock } = this.#deps;
    const { account, organization } = await this.require(token);
    const openedAt = clock.now();
    await accounts.changeRecovery(account.id, (before) => {
      const { recovery } = before;
      const isSameLink = recovery && account.recovery && isSameRecovery(recovery, account.recovery);
      if (!isSameLink || !this.#isOpenable({ account: before, organization, recovery }))
        throw new AppError('link_used_or_expired');
      return { ...recovery, openedAt, endsAt: addSeconds(openedAt, OPENED_SECONDS) };
    });
    const ticket = ids.newSecret();
    await tickets.put('recovery', ticket, { accountId: account.id, openedAt: openedAt.getTime() }, OPENED_SECONDS);
    return ticket;
  }

  /** Goes on in a sign-in of the browser that has opened the recovery; undefined where it has not. What can be done there `nextStep` says. */
  async begin(id: SignInId, ticketId: string): Promise<Progress | undefined> {
    const { accounts, openSignIns, tickets } = this.#deps;
    const ticket = await tickets.take('recovery', ticketId);
    const account = ticket && (await accounts.find(String(ticket.accountId)));
    if (!ticket || !account) return undefined;
    const at = new Date(Number(ticket.openedAt));
    return openSignIns.change(id, async (signIn) => ({
      ...signIn,
      organizationId: account.organizationId,
      identifier: account.email,
      accountId: account.id,
      proofs: [{ method: 'recovery-link', accountId: account.id, at }],
      made: [],
    }));
  }

  /**
   * The passkey is made: whoever was in is out. Answers a moment after that, from which on somebody may be in. Throws `link_used_or_expired`
   * when the recovery was stopped meanwhile.
   */
  async complete(passkey: Passkey, organization: Organization, device: string): Promise<Date> {
    const { accounts, notices, auditLog, endSessions, clock } = this.#deps;
    const now = clock.now();
    const account = await accounts.changeRecovery(passkey.accountId, ({ recovery }) => {
      if (!recovery?.openedAt || isRecoveryOver(recovery, now)) throw new AppError('link_used_or_expired');
      return undefined;
    });
    await endSessions(account.id);
    await auditLog.record({ type: 'passkey-added', passkeyName: passkey.name }, { account, device });
    await notices.tell({ type: 'recovery-done' }, { account, organization, device, target: passkey.id });
    return clock.now();
  }

  /** What the link of a mail stops; looking changes nothing. Throws `link_used_or_expired`. */
  async requireStoppable(token: string): Promise<RecoveringAccount> {
    const found = await this.#deps.recoveryLinks.find('stop', token);
    if (!found || !isUnderWay(found.recovery, this.#deps.clock.now())) throw new AppError('link_used_or_expired');
    return found;
  }

  /** What is under way for an account: it waits, is ready, was opened, or could be had again. */
  findPending({ recovery }: Account): PendingRecovery | undefined {
    return recovery && isUnderWay(recovery, this.#deps.clock.now()) ? recovery : undefined;
  }

  /** Ends whatever recovery there is; of many at once, one mail tells so. False when there is none. */
  async stop(account: Account, { organization, device }: { organization: Organization; device: string }) {
    const { accounts, recoveryMails, auditLog } = this.#deps;
    const recovery = this.findPending(account);
    if (!recovery) return false;
    let isStillThere = false;
    const after = await accounts.changeRecovery(account.id, (before) => {
      isStillThere = before.recovery !== undefined && isSameRecovery(before.recovery, recovery);
      return isStillThere ? undefined : before.recovery;
    });
    if (isStillThere) await auditLog.record({ type: 'recovery-cancelled' }, { account, device });
    await recoveryMails.sendStopped(after, organization, { recovery, device });
    return true;
  }

  /** Mails the notice, then notes that it did; after a crash in between it is mailed once more. */
  async #tell(account: Account, organization: Organization, recovery: PendingRecovery): Promise<void> {
    const { recoveryMails, clock } = this.#deps;
    await recoveryMails.sendStarted(account, organization, recovery);
    if (recovery.toldAt) return;
    const toldAt = clock.now();
    await this.#change(account, recovery, (before) => ({ ...before, toldAt }));
  }

  /** Changes that very recovery, and none that has taken its place. */
  #change(
    { id }: Account,
    recovery: PendingRecovery,
    change: (before: PendingRecovery) => PendingRecovery | undefined,
  ): Promise<Account> {
    return this.#deps.accounts.changeRecovery(id, ({ recovery: before }) =>
      before && isSameRecovery(before, recovery) ? change(before) : before,
    );
  }

  #isOpenable({ account, organization: { policy }, recovery }: RecoveringAccount): boolean {
    const { device, endsAt, openedAt } = recovery;
    const isAllowed = device === undefined ? mayRecover(policy) : mayRecoverByEmail(policy);
    const isReady = endsAt !== undefined && openedAt === undefined && !isRecoveryOver(recovery, this.#deps.clock.now());
    return isAllowed && isReady && !account.disabledAt;
  }
}

function findOpening({ policy }: Organization, from: Date): Date {
  return addSeconds(from, (policy.recoveryByEmail?.waitingHours ?? 0) * 3600);
}

/** Where a passkey signs in by itself, one that a link lets somebody make is a way in. */
function mayRecover({ passkey, sso }: Policy): boolean {
  return passkey === 'alone' && !sso?.required;
}

/** Whether people may ask for it themselves. */
export function mayRecoverByEmail(policy: Policy): boolean {
  return mayRecover(policy) && policy.recoveryByEmail !== undefined;
}
