import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import { CONFIRMATION_PURPOSES, type ConfirmationPurpose, type Intent } from '../../sign-in/confirmation.ts';
import type { AppContext } from '../app-context.ts';

/**
 * The page with the button for each thing that has to be confirmed. A confirmation leads back to it, and so does a sign-in; no request
 * says where to.
 */
const PAGES: { readonly [Purpose in ConfirmationPurpose]: string } = {
  'add-passkey': '/account/passkeys/add',
  'rename-passkey': '/account/passkeys/:target/rename',
  'delete-passkey': '/account/passkeys/:target/delete',
  'set-password': '/account/password',
  'change-password': '/account/password',
  'add-totp': '/account/totp/add',
  'delete-totp': '/account/totp/delete',
  'make-recovery-codes': '/account/recovery-codes',
  'change-address': '/account/email/change',
};
const PAGE = new RegExp(`^(?:${Object.values(PAGES).join('|').replaceAll(':target', '[\\w-]+')})$`);

const intentQuery = z.object({ for: z.enum(CONFIRMATION_PURPOSES), target: z.string().min(1).max(2000).optional() });

export function toIntentPage({ purpose, target = '' }: Intent): string {
  return PAGES[purpose].replace(':target', encodeURIComponent(target));
}

/** Whether it is the path of such a page, as it is written and without anything more. */
export function isIntentPage(path: string): boolean {
  return PAGE.test(path);
}

/** The page that asks for the confirmation. */
export function toConfirmPath(intent: Intent): string {
  return `/account/confirm${toIntentQuery(intent)}`;
}

/** What follows the path of everything that asks for a confirmation: `?for=delete-passkey&target=…`. */
export function toIntentQuery({ purpose, target }: Intent): string {
  return `?${new URLSearchParams({ for: purpose, ...(target !== undefined && { target }) })}`;
}

/** The intent that the address names; whether its target is there, and whose it is, is another question. */
export function readIntent(ctx: AppContext): Intent {
  const query = intentQuery.safeParse(ctx.query);
  if (!query.success) throw new AppError('malformed_request');
  const { for: purpose, target } = query.data;
  if (PAGES[purpose].includes(':target') !== (target !== undefined)) throw new AppError('malformed_request');
  return { purpose, target };
}
