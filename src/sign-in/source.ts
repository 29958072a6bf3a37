import type { AccountId } from '../lib/ids.ts';
import type { TrySource } from '../rates/limits.ts';

/** From where somebody tries: the address, and the browser if accounts have signed in with it before. */
export interface Source {
  readonly address: string;
  readonly browser?: { readonly id: string; readonly accountIds: readonly AccountId[] } | undefined;
  /** Browser and system in plain words. */
  readonly description: string;
}

/** Whose budget a try of a factor of that account uses up. */
export function toTrySource({ browser }: Source, accountId: AccountId | undefined): TrySource {
  const knows = browser !== undefined && accountId !== undefined && browser.accountIds.includes(accountId);
  return knows ? `known:${browser.id}` : 'stranger';
}
