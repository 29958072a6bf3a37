import type { KoaContextWithOIDC } from 'oidc-provider';
import { errors, interactionPolicy } from 'oidc-provider';
import type { Clock } from '../lib/clock.ts';
import type { AccountId } from '../lib/ids.ts';
import { satisfies } from '../sign-in/assurance.ts';
import { canReach } from '../sign-in/next-step.ts';
import type { Demand } from '../sign-in/sign-in.ts';
import type { SignInAccounts } from '../sign-in/sign-in-accounts.ts';
import { askForResources } from './consent-prompt.ts';
import { readDemand } from './demand.ts';

interface LoginPromptDeps {
  readonly signInAccounts: SignInAccounts;
  readonly clock: Clock;
  /** A session older than this asks its person to sign in again, however busy it was. */
  readonly sessionSeconds: number;
}

/**
 * When oidc-provider must ask somebody to sign in, or to allow what is asked for. Its own `essential_acr` checks compare for equality, are
 * cancelled by `acr_values` and ask for ever when the value cannot be reached; ours take their place.
 */
export function createInteractionPolicy(deps: LoginPromptDeps): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  const { checks } = policy.get('login') ?? raise('oidc-provider has no login prompt');
  checks.remove('essential_acr');
  checks.remove('essential_acrs');
  const add = (reason: string, description: string, check: (ctx: KoaContextWithOIDC) => boolean | Promise<boolean>) =>
    checks.add(new interactionPolicy.Check(reason, description, 'login_required', check));
  add('account_gone', 'the account may not sign in any more', isAccountGone);
  add('session_too_old', 'the session has reached its end', (ctx) => isSessionTooOld(ctx, deps));
  add('acr', 'a stronger sign-in is required', (ctx) => isStepUpNeeded(ctx, deps.signInAccounts));
  askForResources(policy.get('consent') ?? raise('oidc-provider has no consent prompt'));
  return policy;
}

/** What an authorization request demands. */
export function demandOf(oidc: KoaContextWithOIDC['oidc']): Demand {
  const { params, client, entities } = oidc;
  const defaults = client?.defaultAcrValues as readonly string[] | undefined; // client metadata is typed as unknown
  return readDemand(params ?? {}, defaults, entities.IdTokenHint?.payload.sub as string | undefined); // `sub` is a string in our tokens
}

function isAccountGone(ctx: KoaContextWithOIDC): boolean {
  return ctx.oidc.session?.accountId !== undefined && ctx.oidc.account === undefined;
}

function isSessionTooOld(ctx: KoaContextWithOIDC, { clock, sessionSeconds }: LoginPromptDeps): boolean {
  const { loginTs } = ctx.oidc.session ?? {};
  return loginTs !== undefined && clock.now().getTime() / 1000 - loginTs >= sessionSeconds && !ctx.oidc.result?.login;
}

/** Asks again where that can help; where it cannot, an essential demand ends here and a voluntary one is let go. */
async function isStepUpNeeded(ctx: KoaContextWithOIDC, signInAccounts: SignInAccounts): Promise<boolean> {
  const { session, account, result } = ctx.oidc;
  const demand = demandOf(ctx.oidc);
  if (demand.acr.length === 0 || !session?.accountId || !account) return false;
  if (demand.acr.some((wanted) => satisfies(session.acr, wanted))) return false;

  const found = result?.login ? undefined : await signInAccounts.find(session.accountId as AccountId); // sessions hold our ids
  if (found && canReach(demand, found.account, found.policy)) return true;
  if (demand.essential) throw new errors.UnmetAuthenticationRequirements('the requested acr cannot be reached');
  return false;
}

function raise(message: string): never {
  throw new Error(message);
}
