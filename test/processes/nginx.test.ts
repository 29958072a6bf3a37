import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get } from 'node:https';
import { test } from 'node:test';
import { addServers } from '../support/add-servers.ts';
import { changePolicy } from '../support/app.ts';
import { findFreePort } from '../support/free-port.ts';
import { findTestServer, NO_SERVER } from '../support/mongodb.ts';
import { skipWithoutNginx, startNginx } from '../support/nginx.ts';
import { openOperator } from '../support/operator.ts';
import { race } from '../support/race.ts';
import { RawClient } from '../support/raw-client.ts';
import { skipWithoutRedis } from '../support/redis.ts';
import { requireValue } from '../support/require-value.ts';
import { ServerProcess } from '../support/server-process.ts';
import { openSession, signInByPassword } from '../support/session.ts';

const PAGES_PER_MINUTE = 100;
const EMAIL = 'alex@example.com';

const mongodb = await findTestServer();
const skip = mongodb ? skipWithoutRedis || skipWithoutNginx : NO_SERVER;

test('two processes in production behind the nginx of the documents', { skip }, async (t) => {
  const [https = 0, http = 0, ...upstreams] = await race(4, findFreePort);
  const issuer = `https://localhost:${https}`;
  const [onePort = 0, otherPort = 0] = upstreams;
  await startNginx(t, { ports: [https, http], upstreams: [`127.0.0.1:${onePort}`, `127.0.0.1:${otherPort}`] });
  const environment = {
    ...(await addServers(t, requireValue(mongodb))),
    CARDEA_ENV: 'production',
    CARDEA_DEMO: 'off',
    CARDEA_ISSUER: issuer,
    CARDEA_TRUSTED_PROXIES: '127.0.0.1',
    CARDEA_SEALING_KEY: randomBytes(32).toString('base64'),
    CARDEA_COOKIE_KEYS: randomBytes(32).toString('base64'),
    CARDEA_SMTP_URL: 'smtp://127.0.0.1:9',
    CARDEA_LIMIT_PAGES: `${PAGES_PER_MINUTE}`,
  };
  const app = await openOperator(t, environment);
  await changePolicy(app, { enrolPasskey: 'manual' }); // before anybody has read another
  const start = (port: number) => ServerProcess.start(t, { ...environment, CARDEA_PORT: `${port}` });
  const [one, other] = await Promise.all([start(onePort), start(otherPort)]);
  const site = { app, issuer };
  const client = await RawClient.register(site);

  const { account, visitor } = await openSession(site, EMAIL);
  const tokens = await client.obtainTokens(visitor);

  await t.test('share every sign-in', async () => {
    assert.equal((await client.userinfo(tokens.accessToken)).body.sub, account.id);
    assert.ok([...visitor.cookies.keys()].includes('__Host-cardea.session /'));
    for (const server of [one, other]) await server.findLine(({ route }) => String(route).startsWith('/interaction/'));
  });

  await t.test('and when one is killed, nothing that was given is lost, and people go on signing in', async () => {
    await one.kill();
    assert.equal((await client.userinfo(tokens.accessToken)).body.sub, account.id);
    const refreshed = await client.refresh(tokens.refreshToken);
    assert.equal(refreshed.status, 200);
    await client.obtainTokens(visitor);
    await client.obtainTokens(await signInByPassword(site, EMAIL));
  });

  /** What a client at that address of loopback is answered, whatever it says of where it is. */
  const openFrom = async (localAddress: string, claim: string) => {
    const headers = { host: `localhost:${https}`, 'x-forwarded-for': claim };
    const request = get({
      host: '127.0.0.1',
      servername: 'localhost',
      port: https,
      path: '/account',
      localAddress,
      headers,
    });
    const [response] = await once(request, 'response');
    response.resume();
    return Number(response.statusCode);
  };

  await t.test('know their clients by the addresses that nginx sees, and by no other', async () => {
    const limit = PAGES_PER_MINUTE;
    const statuses = await race(limit + 1, (index) => openFrom('127.0.0.2', `203.0.113.${index}`));
    assert.equal(statuses.filter((status) => status === 429).length, 1);
    assert.equal(await openFrom('127.0.0.2', '203.0.113.200'), 429);
    assert.notEqual(await openFrom('127.0.0.3', '127.0.0.2'), 429);
  });
});
