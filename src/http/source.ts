import type { NoticeAbout } from '../notices/notices.ts';
import { describeBrowser } from '../passkeys/describe-browser.ts';
import type { Source } from '../sign-in/source.ts';
import type { AppContext } from './app-context.ts';
import type { KnownBrowsers } from './known-browser.ts';
import type { SignedIn } from './session.ts';

/** Whose account a notice is about, and with what it was done. */
export function describeNotice(ctx: AppContext, { stored, organization }: SignedIn): NoticeAbout {
  return { account: stored, organization, device: describeBrowser(ctx.get('user-agent')) };
}

/** From where somebody tries what could be guessed. */
export function readSource(ctx: AppContext, knownBrowsers: KnownBrowsers): Source {
  const browser = knownBrowsers.read(ctx);
  return {
    address: ctx.state.clientAddress,
    description: describeBrowser(ctx.get('user-agent')),
    browser: browser && { id: browser.id, accountIds: browser.accounts.map(({ id }) => id) },
  };
}
