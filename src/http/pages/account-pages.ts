import Router from '@koa/router';
import type { AuditLog } from '../../audit/audit-log.ts';
import type { Clients } from '../../clients/clients.ts';
import type { Notices } from '../../notices/notices.ts';
import type { AccountSessions } from '../../oidc/account-sessions.ts';
import type { BrowserSessions } from '../../oidc/browser-sessions.ts';
import type { Consents } from '../../oidc/consents.ts';
import type { PasskeyOwners } from '../../passkeys/passkey-owners.ts';
import type { Passkeys } from '../../passkeys/passkeys.ts';
import type { RecoveryCodes } from '../../recovery/recovery-codes.ts';
import type { ChangingAddress } from '../../sign-in/changing-address.ts';
import type { Confirmations } from '../../sign-in/confirmation.ts';
import type { Confirming } from '../../sign-in/confirming.ts';
import type { InvitingDevice } from '../../sign-in/inviting-device.ts';
import type { PasskeyOffers } from '../../sign-in/passkey-offers.ts';
import type { PasswordChange } from '../../sign-in/password-change.ts';
import type { Recovering } from '../../sign-in/recovering.ts';
import type { Removals } from '../../sign-in/removals.ts';
import type { VerifyingAddress } from '../../sign-in/verifying-address.ts';
import type { Totps } from '../../totp/totp.ts';
import type { AppState } from '../app-context.ts';
import type { KnownBrowsers } from '../known-browser.ts';
import type { Sessions } from '../session.ts';
import { addActivityPages } from './account-activity-pages.ts';
import { addAddressPages } from './account-address-pages.ts';
import { addApplicationPages } from './account-application-pages.ts';
import { addConfirmPages } from './account-confirm-pages.ts';
import { addEmailPages } from './account-email-pages.ts';
import { addOtherDevicePages } from './account-other-device-pages.ts';
import { addPasskeyPages } from './account-passkey-pages.ts';
import { addPasswordPages } from './account-password-pages.ts';
import { addRecoveryPages } from './account-recovery-pages.ts';
import { addSessionPages } from './account-session-pages.ts';
import { addTotpPages } from './account-totp-pages.ts';
import { AccountVisits, redirect, toReturnAddress } from './account-visits.ts';
import type { Pages } from './pages.ts';
import { SecurityPage } from './security-page.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly browserSessions: BrowserSessions;
  readonly knownBrowsers: KnownBrowsers;
  readonly confirmations: Confirmations;
  readonly confirming: Confirming;
  readonly invitingDevice: InvitingDevice;
  readonly passkeys: Passkeys;
  readonly passkeyOwners: PasskeyOwners;
  readonly passkeyOffers: PasskeyOffers;
  readonly passwordChange: PasswordChange;
  readonly totps: Totps;
  readonly recoveryCodes: RecoveryCodes;
  readonly recovering: Recovering;
  readonly removals: Removals;
  readonly notices: Notices;
  readonly verifyingAddress: VerifyingAddress;
  readonly changingAddress: ChangingAddress;
  readonly accountSessions: AccountSessions;
  readonly consents: Consents;
  readonly clients: Clients;
  readonly auditLog: AuditLog;
  readonly scopeClaims: { readonly [scope: string]: readonly string[] };
  readonly pages: Pages;
}

/** A person's own account: how they sign in, what they may change about it, and where they are signed in. */
export function createAccountPages(deps: Deps): Router<AppState> {
  const visits = new AccountVisits(deps);
  const securityPage = new SecurityPage(deps);
  const router = new Router<AppState>({ prefix: '/account' });

  const showSecurity = visits.signedIn((ctx, person) => securityPage.send(ctx, person));
  router.get('/', async (ctx) => {
    // A sign-in that was asked for by one of these pages comes back here and says by which.
    const { state } = ctx.query;
    if (typeof state === 'string') redirect(ctx, toReturnAddress(state));
    else await showSecurity(ctx);
  });

  addConfirmPages(router, { ...deps, visits });
  addPasskeyPages(router, { ...deps, visits, securityPage });
  addOtherDevicePages(router, { ...deps, visits });
  addTotpPages(router, { ...deps, visits, securityPage });
  addRecoveryPages(router, { ...deps, visits });
  addPasswordPages(router, { ...deps, visits });

  addEmailPages(router, { ...deps, visits });
  addAddressPages(router, { ...deps, visits });
  addSessionPages(router, { ...deps, visits });
  addApplicationPages(router, { ...deps, visits });
  addActivityPages(router, { ...deps, visits });
  return router;
}
