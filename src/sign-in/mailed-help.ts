import type { Account } from '../accounts/account-store.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { parseEmail } from '../accounts/email.ts';
import type { MailLimits } from '../email-proofs/mail-limits.ts';
import { AppError } from '../lib/app-error.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Policy } from '../organizations/policy.ts';
import type { Limits } from '../rates/limits.ts';
import type { PasswordReset } from './password-reset.ts';
import { mayRecoverByEmail, type Recovering } from './recovering.ts';
import type { Source } from './source.ts';

interface Deps {
  readonly accounts: Accounts;
  readonly mailLimits: MailLimits;
  readonly limits: Limits;
  readonly passwordReset: PasswordReset;
  readonly recovering: Recovering;
}

/** What somebody has lost who cannot get in. */
export type HelpWay = 'password' | 'passkey';

/** What those who cannot get in ask for, and are mailed if there is such an account and the address is known to be theirs. */
export class MailedHelp {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * The same for every address, after the same writes. Throws `malformed_request` for what is no e-mail and `method_not_offered` for what
   * the policy does not have; which mails were sent, or that there were too many, nobody is told.
   */
  async ask(request: {
    readonly organization: Organization;
    readonly email: string;
    readonly way: HelpWay;
    readonly source: Source;
  }): Promise<void> {
    const { accounts, mailLimits, limits } = this.#deps;
    const { organization, email } = request;
    const parsed = parseEmail(email);
    if (!parsed) throw new AppError('malformed_request', { field: 'email' });
    if (!listHelpWays(organization.policy).includes(request.way)) throw new AppError('method_not_offered');
    const isAllowed = await mailLimits.allow(parsed.emailKey);
    const account = await accounts.findByEmail(organization.id, email);
    const isHelped = isAllowed && account?.emailVerified && !account.disabledAt && (await this.#help(account, request));
    if (isHelped) return;
    await limits.countNobody();
    await limits.countNobody();
  }

  async #help(
    account: Account,
    { organization, way, source }: { organization: Organization; way: HelpWay; source: Source },
  ): Promise<boolean> {
    const { passwordReset, recovering } = this.#deps;
    const about = { organization, device: source.description };
    if (way === 'password') return passwordReset.sendLink(account, about);
    await recovering.start(account, about);
    return true;
  }
}

/** What an organization lets people be helped with by mail. */
export function listHelpWays(policy: Policy): readonly HelpWay[] {
  if (policy.sso?.required) return [];
  const ways: readonly HelpWay[] = policy.password === 'off' ? [] : ['password'];
  return mayRecoverByEmail(policy) ? [...ways, 'passkey'] : ways;
}
