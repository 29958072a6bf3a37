import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestApp, TEST_PASSWORD } from '../support/app.ts';
import { RawClient, readCallback, readTokens } from '../support/raw-client.ts';
import { openSession } from '../support/session.ts';
import { readStored } from '../support/stored.ts';

test('nothing that opens anything is in the store or the log in clear', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { visitor } = await openSession(site);
  const client = await RawClient.register(site, { authMethod: 'client_secret_post' });
  const secrets: Record<string, string | undefined> = { password: TEST_PASSWORD, 'client secret': client.secret };

  const pushed = await client.post('/request', Object.fromEntries(new URL(client.authorizationUrl()).searchParams));
  secrets['pushed request'] = String(pushed.body.request_uri).split(':').at(-1);
  const interaction = await client.authorize(visitor, { prompt: 'login' });
  secrets.interaction = new URL(interaction.url).pathname.split('/').at(-1);
  secrets['session of before'] = visitor.cookies.get('cardea.session /')?.value;
  const { pathname } = new URL(interaction.url);
  const signedIn = await visitor.follow(await visitor.postForm(`${pathname}/password`, { password: TEST_PASSWORD }));
  const code = readCallback(signedIn).get('code') ?? '';
  const { accessToken, refreshToken, idToken } = readTokens(await client.exchange(code));
  const rotated = readTokens(await client.refresh(refreshToken));
  const unused = await client.obtainCode(visitor);
  const open = await client.authorize(visitor, { prompt: 'login' });
  const leave = await visitor.open('/session/end');
  await client.exchange(unused, { code_verifier: 'x'.repeat(43) }); // refusals are logged
  Object.assign(secrets, {
    code,
    unused,
    accessToken,
    refreshToken,
    idToken,
    'rotated access token': rotated.accessToken,
    'rotated refresh token': rotated.refreshToken,
    session: visitor.cookies.get('cardea.session /')?.value,
    'signature of the session': visitor.cookies.get('cardea.session.sig /')?.value,
    'open interaction': new URL(open.url).pathname.split('/').at(-1),
    'secret of the page that signs out': /name="xsrf" value="([^"]+)"/.exec(leave.text)?.[1],
  });

  const store = await readStored(site);
  const log = site.log.join('');
  assert.ok(store.includes(client.id) && log.includes(client.id), 'this would find something');
  for (const [name, secret] of Object.entries(secrets)) {
    assert.ok(secret && secret.length >= 20, name);
    assert.ok(!store.includes(secret), `${name} is in the store`);
    assert.ok(!log.includes(secret), `${name} is in the log`);
  }
});
