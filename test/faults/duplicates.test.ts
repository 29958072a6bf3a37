import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { Authenticator, type CreationOptions } from '../support/authenticator.ts';
import { FaultSite, skipFaults } from '../support/fault-site.ts';
import { assertRefused } from '../support/page.ts';
import { race } from '../support/race.ts';
import { type Answer, Visitor } from '../support/visitor.ts';

const skip = skipFaults;
const RIVALS = 50;

/** Somebody new in a browser of their own who has made a passkey; answers what sends it. */
async function prepareSignUp(
  { issuer, client }: FaultSite,
  email: string,
  credentialId?: Uint8Array,
): Promise<() => Promise<Answer>> {
  const visitor = new Visitor(issuer);
  const newcomer = { email, name: 'Nova' };
  const { pathname: path } = new URL((await client.authorize(visitor)).url);
  const { text } = await visitor.postJson(`${path}/sign-up/options`, newcomer);
  const options: CreationOptions = JSON.parse(text);
  const overrides = credentialId ? { credentialId } : {};
  const response = new Authenticator().create(options, { origin: issuer, overrides });
  return () => visitor.postJson(`${path}/sign-up`, { ...newcomer, response });
}

/** One after the other: only what they send then is a race. */
async function prepareSignUps<Send>(
  emails: readonly string[],
  prepare: (email: string) => Promise<Send>,
): Promise<Send[]> {
  const signUps: Send[] = [];
  for (const email of emails) signUps.push(await prepare(email));
  return signUps;
}

/** One of them was served, and all others were told the same. */
function assertOneWinner(answers: readonly Answer[], code: Parameters<typeof assertRefused>[1]): void {
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const answer of answers) if (answer.status !== 200) assertRefused(answer, code);
}

test('of fifty who want the same at once, on two servers, one gets it', { skip }, async (t) => {
  const site = await FaultSite.open(t);
  await site.installation.startServer();
  const { organizations, accounts, passkeys } = site.installation.operator;
  const { id: organizationId, policy } = await organizations.requireOrFirst(undefined);

  await t.test('an e-mail', async () => {
    const email = `${randomUUID()}@example.com`;
    const signUps = await prepareSignUps(Array<string>(RIVALS).fill(email), (each) => prepareSignUp(site, each));
    assertOneWinner(await Promise.all(signUps.map((send) => send())), 'account_exists');
    const account = await accounts.findByEmail(organizationId, email);
    assert.equal(account && (await passkeys.list(account.id)).length, 1);
  });

  await t.test('a passkey', async () => {
    const credentialId = crypto.getRandomValues(new Uint8Array(32));
    const emails = Array.from({ length: RIVALS }, () => `${randomUUID()}@example.com`);
    const signUps = await prepareSignUps(emails, (each) => prepareSignUp(site, each, credentialId));
    assertOneWinner(await Promise.all(signUps.map((send) => send())), 'already_registered');
    const made = await Promise.all(emails.map((email) => accounts.findByEmail(organizationId, email)));
    assert.equal(made.filter(Boolean).length, 1, 'who was refused has no account');
  });

  await t.test('the short name of an organization', async () => {
    const outcomes = await race(RIVALS, (index) =>
      organizations.create({ name: `Northwind ${index}`, slug: 'northwind', policy }).then(
        () => 'made',
        ({ code }: { code: string }) => code,
      ),
    );
    assert.equal(outcomes.filter((outcome) => outcome === 'made').length, 1);
  });
});
