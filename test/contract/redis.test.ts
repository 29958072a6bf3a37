import { describe, type TestContext, test } from 'node:test';
import {
  type Owner,
  openTestRedis,
  type RedisAddressee,
  RedisCluster,
  RedisServer,
  shareServers,
  skipWithoutRedis,
} from '../support/redis.ts';
import { describeRateStore } from './rate-store-contract.ts';
import { describeRecordStore } from './record-store-contract.ts';
import { describeSignInStore } from './sign-in-store-contract.ts';
import { describeTicketStore } from './ticket-store-contract.ts';

const SUITES = [describeTicketStore, describeRateStore, describeSignInStore, describeRecordStore];

function describeShortLivedStores(name: string, start: (owner: Owner) => Promise<RedisAddressee>): void {
  if (skipWithoutRedis) return void test(`${name}: every short-lived store`, { skip: skipWithoutRedis });
  describe(name, () => {
    const getServers = shareServers(start);
    const open = async (t: TestContext) => openTestRedis(t, await getServers());
    for (const describeStore of SUITES) describeStore(name, open);
  });
}

describeShortLivedStores('redis, single node', RedisServer.start);
describeShortLivedStores('redis, cluster', RedisCluster.start);
