import type { PendingRecovery } from './account-store.ts';

/** Nothing of the recovery is good any more, although it is still there. */
export function isRecoveryOver({ endsAt }: PendingRecovery, now: Date): boolean {
  return endsAt !== undefined && endsAt <= now;
}

/** Whether it is the same recovery, perhaps further on. */
export function isSameRecovery(one: PendingRecovery, other: PendingRecovery): boolean {
  return one.startedAt.getTime() === other.startedAt.getTime();
}
