import { addSeconds } from '../lib/clock.ts';
import type { PendingRecovery } from './account-store.ts';

/** For so long after the waiting time another link is sent without waiting again: the first may have come in the night. */
const WAITED_SECONDS = 86_400;

/** Nothing of the recovery is good any more, although it is still there. */
export function isRecoveryOver({ endsAt }: PendingRecovery, now: Date): boolean {
  return endsAt !== undefined && endsAt <= now;
}

/** Whether its person has waited and may have another link, in place of one that has ended. */
export function hasWaited({ device, opensAt, toldAt }: PendingRecovery, now: Date): boolean {
  return device !== undefined && toldAt !== undefined && opensAt <= now && now < addSeconds(opensAt, WAITED_SECONDS);
}

/** Something may still come of it, so that it can be stopped. */
export function isUnderWay(recovery: PendingRecovery, now: Date): boolean {
  return !isRecoveryOver(recovery, now) || hasWaited(recovery, now);
}

/** Whether it is the same recovery, perhaps further on. */
export function isSameRecovery(one: PendingRecovery, other: PendingRecovery): boolean {
  return one.startedAt.getTime() === other.startedAt.getTime();
}
