import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultSite, skipFaults } from '../support/fault-site.ts';
import { readTokens } from '../support/raw-client.ts';
import { ServerProcess } from '../support/server-process.ts';

const skip = skipFaults;
const REFUSED_WITHIN_MS = 1500;
/** What only reads. */
const READING = ['the account page', 'the sign-in page', 'an access token'];

test('a full Redis lets nobody new in and counts for nobody, and what is there stays good', { skip }, async (t) => {
  const site = await FaultSite.open(t);
  const { client, ledger, installation } = site;
  const setLimit = (bytes: string) => installation.redisServer.ask((redis) => redis.config('SET', 'maxmemory', bytes));
  const requests = await site.prepareRequests();
  const { person, code } = await site.admitPerson();
  const unspent = await person.comeBack();
  await ledger.exchange(client, code);
  const { person: guest } = await site.admitPerson();
  const { refreshToken: first } = readTokens(await client.exchange(await guest.allowToStay()));
  const { refreshToken: second } = await ledger.refresh(client, first);

  await setLimit('1');
  const writing = Object.entries(requests).filter(([name]) => !READING.includes(name));
  await site.assertRefused(
    {
      ...Object.fromEntries(writing),
      'a refresh token for good': () => client.refresh(second),
      'an unspent code of somebody else': () => client.exchange(unspent),
    },
    REFUSED_WITHIN_MS,
  );
  for (const name of READING) assert.equal((await requests[name]?.())?.status, 200, name);
  const alert = await site.server.findLine((line) => line.level === 'error' && JSON.stringify(line).includes('OOM'));
  assert.ok(alert, 'the operator is told');
  await setLimit('0');

  await site.waitForRecovery();
  await ledger.exchange(client, unspent);
  ledger.addFamily(client, second, first);
  await ledger.verify();
});

test('production refuses a Redis that may evict what it was told to keep, and says so', { skip }, async (t) => {
  const site = await FaultSite.open(t, { production: true });
  const { environment, redisServer } = site.installation;
  await redisServer.ask((redis) => redis.config('SET', 'maxmemory-policy', 'allkeys-lru'));
  const production = ServerProcess.launch(t, { ...environment, CARDEA_PORT: '0' });
  assert.equal(await production.isListening(), false);
  assert.equal(await production.waitForEnd(), 1);
  assert.match(
    production.output,
    /^Cardea cannot start: Redis at 127\.0\.0\.1:\d+ cannot be used: its maxmemory-policy is allkeys-lru, and noeviction is needed\n$/,
  );

  const issuer = site.issuer.replace('https:', 'http:');
  const development = ServerProcess.launch(t, {
    ...environment,
    CARDEA_ENV: 'development',
    CARDEA_ISSUER: issuer,
    CARDEA_PORT: '0',
  });
  assert.equal(await development.isListening(), true);
  assert.ok(
    development.log.some(({ level, message }) => level === 'warn' && message.startsWith('Redis may evict limits')),
  );
});
