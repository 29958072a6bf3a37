import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, changePolicy, openTestApp, presetOf, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { addPasskey, addTotp } from '../support/enrol.ts';
import { assertPage, readField } from '../support/page.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';
import { openSignIn, type SignInFlow } from '../support/sign-in-flow.ts';
import { type Answer, Visitor } from '../support/visitor.ts';

/** One begins like the other, because pages show the first letter by itself. */
const KNOWN = 'a.known@example.com';
const UNKNOWN = 'a.nobody@example.com';
const DISABLED = 'a.disabled@example.com';
const WITHOUT_PASSWORD = 'a.nothing@example.com';
const PASSKEY_ONLY = 'a.passkey@example.com';
const WITH_APP = 'a.app@example.com';
const PEOPLE = [KNOWN, UNKNOWN, DISABLED, WITHOUT_PASSWORD, PASSKEY_ONLY, WITH_APP];
const CHANGING_HEADERS = new Set(['date', 'x-request-id', 'content-length']);

async function addPeople({ app }: TestApp): Promise<void> {
  await addAccount(app, KNOWN);
  await app.accounts.disable((await addAccount(app, DISABLED)).id);
  const organization = await app.organizations.requireOrFirst(undefined);
  const bare = (email: string) => app.accounts.create({ organizationId: organization.id, email });
  await bare(WITHOUT_PASSWORD);
  await addPasskey(app, await bare(PASSKEY_ONLY));
  const withApp = await addAccount(app, WITH_APP);
  await addTotp(app, withApp);
  await addPasskey(app, withApp);
  await app.recoveryCodes.make(withApp.id);
}

/** Everything that a stranger sees of an answer but what they said themselves. */
function readSeen({ status, headers, text }: Answer, email: string, base: string) {
  const stable = [...headers].filter(([name]) => !CHANGING_HEADERS.has(name));
  const own = [base, email, headers.get('x-request-id') ?? base];
  return { status, headers: stable, text: own.reduce((rest, word) => rest.replaceAll(word, '…'), text) };
}

/** Asserts that each of the answers looks like that for the known account. */
function assertAlike(answers: readonly unknown[], about: string): void {
  assert.equal(answers.length, PEOPLE.length);
  for (const [index, answer] of answers.entries()) assert.deepEqual(answer, answers[0], `${about}: ${PEOPLE[index]}`);
}

test('before any proof every e-mail looks alike, whatever stands behind it', async (t) => {
  const site = await openTestApp(t);
  const { app, issuer, advance } = site;
  await addPeople(site);
  advance(0); // the time of answers stands still
  const flows = await Promise.all(PEOPLE.map(async (email) => ({ email, flow: await openSignIn({ app, issuer }) })));
  const ask = async (act: (flow: SignInFlow, email: string) => Promise<Answer>) => {
    const seen = [];
    for (const { email, flow } of flows) seen.push(readSeen(await act(flow, email), email, flow.base));
    return seen;
  };

  await t.test('the page after the e-mail', async () => {
    assertAlike(await ask((flow, email) => flow.identify(email)), 'identify');
    assertAlike(await ask((flow) => flow.visitor.get(flow.base)), 'loaded again');
    assertAlike(await ask((flow) => flow.visitor.get(`${flow.base}?method=totp`)), 'another way');
    assertAlike(await ask((flow) => flow.visitor.get(`${flow.base}?method=recovery-code`)), 'a recovery code');
  });

  await t.test('a wrong password, until there were too many', async () => {
    for (let count = 1; count <= 8; count += 1) {
      const seen = await ask((flow) => flow.typePassword('a wrong password'));
      assertAlike(seen, `password ${count}`);
      assert.equal(seen[0]?.status, count <= 6 ? 401 : 429);
    }
  });

  await t.test('a wrong recovery code, until there were too many', async () => {
    for (let count = 1; count <= 7; count += 1) {
      const seen = await ask((flow) => flow.typeRecoveryCode('0000-0000-0000-0000'));
      assertAlike(seen, `recovery code ${count}`);
      assert.equal(seen[0]?.status, count <= 5 ? 401 : 429);
    }
  });

  await t.test('a step that is not due', async () => {
    const post = (path: string, fields: Readonly<Record<string, string>>) =>
      ask((flow) => flow.visitor.postForm(flow.base + path, fields));
    assertAlike(await post('/totp', { code: '123456' }), 'code');
    assertAlike(await post('/enrol/decline', {}), 'decline');
    assertAlike(await post('/consent', { decision: 'allow' }), 'consent');
    assertAlike(await ask((flow) => flow.post('/enrol/options', {})), 'enrol');
  });

  await t.test('the options for a passkey, which name none', async () => {
    const options = [];
    for (const { flow } of flows) {
      const { status, text } = await flow.post('/passkey/options', {});
      options.push({ status, ...JSON.parse(text), challenge: '', length: text.length });
    }
    assertAlike(options, 'options');
    assert.equal(options[0]?.allowCredentials, undefined);
  });

  await t.test('a passkey of somebody else', async () => {
    const device = await addPasskey(app, await addAccount(app, 'other@example.com'));
    const seen = await ask(async (flow) => {
      const options = JSON.parse((await flow.post('/passkey/options', {})).text);
      return flow.post('/passkey', device.get(options, { origin: issuer }));
    });
    assertAlike(seen, 'passkey');
    assert.equal(seen[0]?.status, 401);
  });

  await t.test('the hint of an application', async () => {
    const seen = [];
    for (const email of PEOPLE) {
      const flow = await openSignIn({ app, issuer, parameters: { login_hint: email } });
      seen.push(readSeen(flow.current, email, flow.base));
    }
    assertAlike(seen, 'hint');
  });
});

test('whoever asks for a mail sees the same for every e-mail, until they asked for too many (EN-01, EN-03, EN-05)', async (t) => {
  const config = { limitSource: 2, trustedProxies: ['127.0.0.1'] };
  for (const [path, fields] of [
    ['/help', { way: 'password' }],
    ['/help', { way: 'passkey' }],
    ['/sign-up/email', {}],
  ] as const) {
    const site = await openTestApp(t, { policy: { signUp: 'open' }, config });
    await addPeople(site);
    const sequences = await race(PEOPLE.length, async (index) => {
      const email = requireValue(PEOPLE[index]);
      const visitor = new Visitor(site.issuer, { 'x-forwarded-for': `192.0.2.${index}` });
      const flow = await openSignIn({ ...site, visitor });
      const seen = [];
      for (let count = 1; count <= 4; count += 1) {
        const answer = await visitor.follow(await visitor.postForm(flow.base + path, { email, ...fields }));
        seen.push(readSeen(answer, email, flow.base));
      }
      return seen;
    });
    assert.deepEqual(
      sequences[0]?.map(({ status }) => status),
      [200, 200, 200, 429],
    );
    assertAlike(sequences, `${path} ${JSON.stringify(fields)}`);
  }
});

test('where passwords are off every e-mail leads to the passkey', async (t) => {
  const site = await openTestApp(t);
  await addPeople(site);
  await changePolicy(site.app, { ...presetOf('passwordless'), password: 'off' });
  site.advance(0);
  const seen = [];
  for (const email of PEOPLE) {
    const flow = await openSignIn(site);
    const page = readSeen(await flow.identify(email), email, flow.base);
    const password = await flow.visitor.postForm(`${flow.base}/password`, { password: TEST_PASSWORD });
    const { challenge, ...options } = JSON.parse((await flow.post('/passkey/options', {})).text);
    assert.ok(challenge);
    seen.push({ page, password: readSeen(password, email, flow.base), options });
  }
  assertAlike(seen, 'passkey only');
  assert.equal(seen[0]?.password.status, 403);
});

test('an e-mail is shown as it was typed, never as it is stored', async (t) => {
  const site = await openTestApp(t);
  await addAccount(site.app, 'Alex.Example@Example.com');
  const flow = await openSignIn(site);

  for (const typed of ['alex.example@example.com', 'ALEX.EXAMPLE@EXAMPLE.COM']) {
    const page = await flow.identify(typed);
    assertPage(page, 'password.title');
    assert.ok(page.text.includes(typed));
    assert.ok(!page.text.includes('Alex.Example@Example.com'));
    assert.ok(!page.text.includes('Alex Example'), 'nor is a name');
  }
  const again = await flow.submit('/restart', {});
  assert.equal(readField(again, 'email'), '');

  await changePolicy(site.app, { signUp: 'open' });
  for (const typed of ['alex.example@example.com', 'ALEX.EXAMPLE@EXAMPLE.COM']) {
    const another = await openSignIn(site);
    const answers = [
      await another.visitor.postForm(`${another.base}/help`, { email: typed, way: 'password' }),
      await another.submit('/sign-up/email', { email: typed }),
    ];
    for (const { status, text } of answers) {
      assert.equal(status, 200);
      assert.ok(text.includes(typed), text);
      assert.ok(!text.includes('Alex.Example@Example.com'));
    }
  }
});

test('a wrong password takes as much work for nobody as for somebody', async (t) => {
  const site = await openTestApp(t, { config: { hashMemoryKib: 65_536, hashPasses: 3 } });
  await addPeople(site);
  const people = [KNOWN, UNKNOWN, DISABLED, WITHOUT_PASSWORD];
  const flows = [];
  for (const email of people) {
    const flow = await openSignIn(site);
    await flow.identify(email);
    flows.push({ flow, works: [] as number[] });
  }
  for (let round = 0; round < 5; round += 1) {
    for (const { flow, works } of flows) {
      // The processor's time of this process, threads included: the clock on the wall would measure the neighbours too.
      const before = process.cpuUsage();
      assert.equal((await flow.typePassword('a wrong password')).status, 401);
      const { user, system } = process.cpuUsage(before);
      works.push(user + system);
    }
  }

  const least = flows.map(({ works }) => Math.min(...works));
  const known = least[0] ?? 0;
  for (const [index, work] of least.entries()) {
    // Without the hash it would be a tenth.
    assert.ok(work > known / 2 && work < known * 2, `${people[index]}: ${least.join(' ')} µs`);
  }
});
