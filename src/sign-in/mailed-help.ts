import { setTimeout as wait } from 'node:timers/promises';
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

interface HelpRequest {
  readonly organization: Organization;
  readonly email: string;
  readonly way: HelpWay;
  readonly source: Source;
}

/** Longer than help takes: some writes that wait for a disk. */
const ANSWER_MS = 250;

/** What those who cannot get in ask for, and are mailed if there is such an account and the address is known to be theirs. */
export class MailedHelp {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * The same for every address, and answered no sooner: what help takes, nobody can tell. Throws `malformed_request` for what is no e-mail,
   * `method_not_offered` for what the policy does not have, and `too_many_tries` for a flood from one source; which mails were sent, or that
   * an address was sent too many, nobody is told.
   */
  async ask(request: HelpRequest): Promise<void> {
    const { organization, email, way, source } = request;
    const parsed = parseEmail(email);
    if (!parsed) throw new AppError('malformed_request', { field: 'email' });
    if (!listHelpWays(organization.policy).includes(way)) throw new AppError('method_not_offered');
    await this.#deps.limits.requireMailTry(source.address);
    await Promise.all([this.#help(parsed.emailKey, request), wait(ANSWER_MS)]);
  }

  async #help(emailKey: string, { organization, email, way, source }: HelpRequest): Promise<void> {
    const { accounts, mailLimits, passwordReset, recovering } = this.#deps;
    if (!(await mailLimits.allow(emailKey))) return;
    const account = await accounts.findByEmail(organization.id, email);
    if (!account?.emailVerified || account.disabledAt) return;
    const about = { organization, device: source.description };
    if (way === 'password') await passwordReset.sendLink(account, about);
    else await recovering.start(account, about);
  }
}

/** What an organization lets people be helped with by mail. */
export function listHelpWays(policy: Policy): readonly HelpWay[] {
  if (policy.sso?.required) return [];
  const ways: readonly HelpWay[] = policy.password === 'off' ? [] : ['password'];
  return mayRecoverByEmail(policy) ? [...ways, 'passkey'] : ways;
}
