import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { addAccount, openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { type Fields, RawClient, readCallback, readTokens } from '../support/raw-client.ts';
import { signInByPassword } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import type { Visitor } from '../support/visitor.ts';

const PASSWORD = 'urn:cardea:acr:pwd';
/** A password is enough, unless an application demands more. */
const POLICY = { enrolPasskey: 'manual', secondFactor: 'off' } as const;

function essential(acr: object): { readonly claims: string } {
  return { claims: JSON.stringify({ id_token: { acr: { essential: true, ...acr } } }) };
}

/** Somebody with a password and a passkey, and the device that holds it. */
async function addPasskeyHolder({ app, issuer }: TestApp, email: string): Promise<Authenticator> {
  const flow = await openSignIn({ app, issuer, authenticator: new Authenticator() });
  await flow.signUp({ email, name: 'Robin' });
  const organization = await app.organizations.requireOrFirst(undefined);
  const account = (await app.accounts.findByEmail(organization.id, email)) ?? assert.fail();
  await app.passwords.set(account, TEST_PASSWORD, { minimumLength: 8, organizationName: organization.name });
  return flow.authenticator;
}

test('how strongly somebody signs in is what the application asks for', async (t) => {
  const site = await openTestApp(t, { policy: POLICY });
  const { app, issuer } = site;
  await addAccount(app, 'alex@example.com');
  const authenticator = await addPasskeyHolder(site, 'robin@example.com');
  const client = await RawClient.register(site);
  /** Signed in with their passwords: one could do more. */
  const signInAlex = () => signInByPassword(site, 'alex@example.com');
  const signInRobin = () => signInByPassword(site, 'robin@example.com');
  const acrOf = async (visitor: Visitor, parameters: Fields) =>
    decodeJwt((await client.obtainTokens(visitor, parameters)).idToken).acr;
  const errorOf = async (visitor: Visitor, parameters: Fields) =>
    readCallback(await client.authorize(visitor, parameters)).get('error');

  /** Steps up with the passkey on the page that is shown now; answers the claims of the ID token. */
  async function stepUp(visitor: Visitor, parameters: Readonly<Record<string, string>>) {
    const flow = await openSignIn({ app, issuer, visitor, authenticator, parameters });
    assert.equal(flow.current.status, 200, 'a page asks for more');
    await flow.typePassword(TEST_PASSWORD);
    assert.match(flow.current.text, /passkey/);
    await flow.usePasskey();
    return (await flow.finish()).claims();
  }

  await t.test('acr_values alone ask for a stronger sign-in where the person has what it takes', async () => {
    const claims = await stepUp(await signInRobin(), { acr_values: 'phr' });
    assert.deepEqual([claims?.acr, claims?.amr], ['phr', ['pwd', 'pop', 'user', 'mfa']]);
  });

  await t.test('acr_values alone ask for nothing where it takes what the person has not', async () => {
    const alex = await signInAlex();
    assert.equal(await acrOf(alex, { acr_values: 'phr' }), PASSWORD);
    assert.equal(await acrOf(alex, { acr_values: 'phrh urn:mace:incommon:iap:silver' }), PASSWORD);
  });

  await t.test('an essential acr stands, whatever acr_values say beside it', async () => {
    for (const acr of [{ value: 'phr' }, { values: ['phr', 'phrh'] }]) {
      const both = { ...essential(acr), acr_values: PASSWORD };
      assert.equal((await stepUp(await signInRobin(), both))?.acr, 'phr');
      assert.equal(await errorOf(await signInAlex(), both), 'unmet_authentication_requirements');
    }
  });

  await t.test('an essential acr that cannot be reached ends with an error, and not in a circle', async () => {
    const demand = essential({ values: ['phr'] });
    assert.equal(await errorOf(await signInAlex(), demand), 'unmet_authentication_requirements');
    assert.equal(await errorOf(await signInRobin(), essential({ value: 'phrh' })), 'unmet_authentication_requirements');
    assert.equal(
      await errorOf(await signInAlex(), essential({ value: 'unknown' })),
      'unmet_authentication_requirements',
    );

    // Somebody who was not signed in is told by the application too, after they have said who they are.
    const flow = await openSignIn({ app, issuer, parameters: demand });
    await flow.identify('alex@example.com');
    await flow.typePassword(TEST_PASSWORD);
    assert.equal(readCallback(flow.current).get('error'), 'unmet_authentication_requirements');
  });

  await t.test('an essential acr that cannot be read is refused, rather than taken for none', async () => {
    const alex = await signInAlex();
    for (const acr of [{ values: 'phr' }, { value: 1 }, { value: ['phr'] }, { values: [1] }, { values: { 0: 'phr' } }])
      assert.equal(await errorOf(alex, essential(acr)), 'invalid_request', JSON.stringify(acr));
  });

  await t.test('the value that was asked for is issued where a stronger one was reached', async () => {
    const flow = await openSignIn({ app, issuer, authenticator });
    await flow.usePasskey();
    const { visitor } = flow;

    assert.equal(await acrOf(visitor, {}), 'phr');
    assert.equal(await acrOf(visitor, { acr_values: PASSWORD }), PASSWORD);
    assert.equal(await acrOf(visitor, { acr_values: 'phrh urn:cardea:acr:mfa phr' }), 'urn:cardea:acr:mfa');
    assert.equal(await acrOf(visitor, essential({ value: PASSWORD })), PASSWORD);
    assert.equal(await acrOf(visitor, essential({ values: ['unknown', 'urn:cardea:acr:mfa'] })), 'urn:cardea:acr:mfa');
  });

  await t.test('a stronger sign-in is not asked for where nobody may be asked', async () => {
    const robin = await signInRobin();
    assert.equal(await errorOf(robin, { acr_values: 'phr', prompt: 'none' }), 'login_required');
    assert.equal(await errorOf(robin, { ...essential({ value: 'phr' }), prompt: 'none' }), 'login_required');
  });

  await t.test('a demand that a sign-in met is kept after a refresh', async () => {
    const robin = await signInRobin();
    await stepUp(robin, { acr_values: 'phr' });
    const { refreshToken } = await client.obtainTokens(robin, { acr_values: 'phr' });
    assert.equal(decodeJwt(readTokens(await client.refresh(refreshToken)).idToken).acr, 'phr');
  });
});
