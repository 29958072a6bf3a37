import type Router from '@koa/router';
import type { Ids } from '../../lib/ids.ts';
import type { Signer } from '../../lib/signer.ts';
import type { MailFolder } from '../../mail/mail-folder.ts';
import type { AppState } from '../app-context.ts';
import { DeviceBindings } from '../device-bindings.ts';
import { KnownBrowsers } from '../known-browser.ts';
import { RecoveryCookie } from '../recovery-cookie.ts';
import { createAccountPages } from './account-pages.ts';
import { createConfirmLinkPages } from './confirm-link-pages.ts';
import { createDevMailPages } from './dev-mail-pages.ts';
import { createNotMePages } from './not-me-pages.ts';
import { createOtherDevicePages } from './other-device-pages.ts';
import { createRecoverPages } from './recover-pages.ts';
import { createResetPasswordPages } from './reset-password-pages.ts';
import { createSetUpPages } from './set-up-pages.ts';
import { createSignInPages } from './sign-in-pages.ts';
import { createVerifyPages } from './verify-pages.ts';

type DepsOf<Create extends (deps: never) => unknown> = Parameters<Create>[0];

/** What the pages call; the cookies that only they read are made here. */
type Services = DepsOf<typeof createSignInPages> &
  DepsOf<typeof createAccountPages> &
  DepsOf<typeof createSetUpPages> &
  DepsOf<typeof createConfirmLinkPages> &
  DepsOf<typeof createVerifyPages> &
  DepsOf<typeof createOtherDevicePages> &
  DepsOf<typeof createRecoverPages> &
  DepsOf<typeof createResetPasswordPages> &
  DepsOf<typeof createNotMePages>;

interface Deps extends Omit<Services, 'knownBrowsers' | 'recoveryCookie' | 'deviceBindings' | 'mailsPath'> {
  readonly issuer: string;
  readonly signer: Signer;
  readonly ids: Ids;
  /** In development: where mails lie that would have been sent. */
  readonly mailFolder?: MailFolder | undefined;
}

/** All pages that are ours, by the first segment of their address. */
export function createRouters(parts: Deps): Readonly<Record<string, Router<AppState>>> {
  const { issuer, signer, ids, mailFolder, pages } = parts;
  const secure = issuer.startsWith('https:');
  const deps = {
    ...parts,
    knownBrowsers: new KnownBrowsers({ signer, ids, secure }),
    recoveryCookie: new RecoveryCookie({ secure }),
    deviceBindings: new DeviceBindings({ signer, ids, secure }),
  };
  return {
    interaction: createSignInPages({ ...deps, mailsPath: mailFolder && '/dev/mail' }),
    account: createAccountPages(deps),
    'set-up': createSetUpPages(deps),
    confirm: createConfirmLinkPages(deps),
    verify: createVerifyPages(deps),
    'other-device': createOtherDevicePages(deps),
    recover: createRecoverPages(deps),
    'reset-password': createResetPasswordPages(deps),
    'not-me': createNotMePages(deps),
    ...(mailFolder && { dev: createDevMailPages({ mailFolder, issuer, pages }) }),
  };
}
