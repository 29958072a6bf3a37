import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import type { RedisStores } from '../../src/storage/redis/redis-stores.ts';
import { buildSignIn } from './builders.ts';
import { TEST_START } from './clock.ts';

/** One call of each method of every short-lived store, by its name. */
export function listCalls({ tickets, rates, signIns, records, ping }: RedisStores) {
  const signIn = buildSignIn();
  const record = { payload: '{}', expiresAt: addSeconds(TEST_START, 60) };
  const budget = { free: 9, windowSeconds: 60, pauseSeconds: 1, maxPauseSeconds: 1 };
  const id = digest('id');
  return {
    ping,
    'tickets.put': () => tickets.put('sign-up', 'id', {}, 60),
    'tickets.find': () => tickets.find('sign-up', 'id'),
    'tickets.take': () => tickets.take('sign-up', 'id'),
    'rates.hit': () => rates.hit('key', budget),
    'rates.clear': () => rates.clear('key'),
    'signIns.insert': () => signIns.insert(signIn),
    'signIns.find': () => signIns.find(signIn.id),
    'signIns.update': () => signIns.update({ ...signIn, version: 2 }),
    'signIns.delete': () => signIns.delete(signIn.id),
    'records.put': () => records.put('Interaction', id, record, {}),
    'records.put, indexed': () => records.put('Session', id, record, { accountId: 'account', uid: 'uid' }),
    'records.put, spendable': () => records.put('DeviceCode', id, record, { grantId: 'grant', userCode: 'code' }),
    'records.putIfAbsent': () => records.putIfAbsent('ReplayDetection', id, record),
    'records.replace': () => records.replace('Grant', id, record, { grantId: 'consent' }),
    'records.find': () => records.find('Session', id),
    'records.findByUid': () => records.findByUid('uid'),
    'records.findByUserCode': () => records.findByUserCode('code'),
    'records.listByAccount': () => records.listByAccount('Session', 'account'),
    'records.consume': () => records.consume('DeviceCode', id, TEST_START),
    'records.delete': () => records.delete('Session', id),
    'records.deleteByGrant': () => records.deleteByGrant('grant'),
    'records.deleteByConsent': () => records.deleteByConsent('consent'),
    'records.deleteByAccount': () => records.deleteByAccount('account'),
  } as const satisfies Record<string, () => Promise<unknown>>;
}

/** Makes those calls one after another. */
export async function useEveryStore(stores: RedisStores): Promise<void> {
  for (const call of Object.values(listCalls(stores))) await call();
}
