import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, openTestApp, TEST_PASSWORD } from '../support/app.ts';
import { readCode } from '../support/mails.ts';
import { assertRefused, readField } from '../support/page.ts';
import { outcomeOf, RawClient } from '../support/raw-client.ts';
import { requireValue } from '../support/require-value.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { readStored } from '../support/stored.ts';
import { type Answer, Visitor } from '../support/visitor.ts';
import { openWholeAccount, openWholeSite, readAccountState } from '../support/whole-account.ts';

/** Each kind of page that a link leads to, by what comes before its token. */
const LINKS = ['confirm', 'verify', 'reset-password', 'not-me', 'other-device', 'recover', 'recover/stop', 'set-up'];

/** What only says what is meant, and opens nothing. */
const NAMES = new Set(['account', 'flow']);

test('a value of one kind opens nothing of another, and is not spent by being tried (ST-18)', async (t) => {
  const site = await openWholeSite(t);
  const { issuer } = site;
  const { account, visit, values, csrf } = await openWholeAccount(site, 'alex@example.com');
  const client = await RawClient.register(site);
  const code = await client.obtainCode(visit.visitor);
  const { accessToken } = await client.obtainTokens(visit.visitor);
  const challenge = (await visit.requestOptions()).challenge;
  const ticket = readField(await visit.open('/totp/add'), 'ticket');
  const session = requireValue(visit.visitor.cookies.get('cardea.session /')).value;
  const kinds: Readonly<Record<string, string>> = {
    ...Object.fromEntries(LINKS.map((kind) => [kind, requireValue(values[kind])])),
    interaction: requireValue(values.id),
    flow: requireValue(values.flow),
    account: account.id,
    code,
    accessToken,
    challenge,
    ticket,
    session,
    csrf,
  };
  const before = await readAccountState(site, account);

  for (const [kind, value] of Object.entries(kinds)) {
    const stranger = new Visitor(issuer);
    for (const link of LINKS.filter((one) => one !== kind)) {
      const path = `/${link}/${encodeURIComponent(value)}`;
      const about = `${kind} at /${link}/`;
      for (const answer of [
        await stranger.get(path),
        link === 'set-up'
          ? await stranger.postJson(`${path}/options`, { email: 'new@example.com', name: 'Nova' })
          : await stranger.postForm(path, link === 'reset-password' ? { password: 'quite another password' } : {}),
      ]) {
        assert.ok([404, 409, 410].includes(answer.status), `${about}: ${answer.status} ${answer.text}`);
      }
    }
    for (const answer of [
      await stranger.get(`/interaction/${encodeURIComponent(value)}`),
      await stranger.postForm(`/interaction/${encodeURIComponent(value)}/password`, { password: 'x' }),
    ])
      assertRefused(answer, 'sign_in_not_started_here');
    for (const name of ['session', 'sign-in', 'resume', 'browser', 'device', 'recovery']) {
      const thief = new Visitor(issuer, { cookie: `cardea.${name}=${value}; cardea.${name}.sig=${value}` });
      if (!(name === 'session' && kind === 'session')) assert.equal((await thief.get('/account')).status, 303);
    }
    if (kind !== 'code') assert.equal(outcomeOf(await client.exchange(value)), 'invalid_grant', kind);
    if (kind !== 'accessToken') assert.equal((await client.userinfo(value)).status, 401, kind);
    assert.equal(outcomeOf(await client.refresh(value)), 'invalid_grant', kind);
    if (kind !== 'ticket') {
      const totp = await visit.submit('/totp', { ticket: value, code: '123456' });
      assertRefused(totp, 'link_used_or_expired');
    }
  }

  assert.equal(await readAccountState(site, account), before);
  for (const link of LINKS)
    assert.equal((await new Visitor(issuer).get(`/${link}/${kinds[link]}`)).status, 200, `${link} is still good`);
  assert.equal(outcomeOf(await client.exchange(code)), '200');
  const [store, log] = [await readStored(site), site.log.join('')];
  for (const [kind, value] of Object.entries(kinds).filter(([name]) => !NAMES.has(name))) {
    assert.ok(!log.includes(value), `${kind} is in the log (EM-10)`);
    assert.ok(!store.includes(value), `${kind} is in the store`);
  }
});

test('what a sign-in was recovered with begins no second one, and no other thing is it (ST-18)', async (t) => {
  const site = await openWholeSite(t);
  const { values, account } = await openWholeAccount(site, 'alex@example.com');
  const first = new Visitor(site.issuer);
  const opened = await first.postForm(`/recover/${values.recover}`, {});
  const { value: ticket } = requireValue(first.cookies.get('cardea.recovery /'));
  await first.follow(opened);
  assert.equal(first.cookies.has('cardea.recovery /'), false, 'it is read once');

  const wrong = [ticket, values.recover, values['not-me'], values['set-up'], values['other-device'], account.id, ''];
  for (const value of wrong) {
    const thief = new Visitor(site.issuer);
    thief.cookies.set('cardea.recovery /', { value: value ?? '', path: '/' });
    const page = await thief.open('/account');
    assert.match(page.text, /name="email"/, 'asked who they are, like anybody');
  }
});

test('a mailed code is right on the page that asked for it, and on no other (ST-18, EM-03)', async (t) => {
  const site = await openTestApp(t, {
    policy: {
      enrolPasskey: 'manual',
      signUp: 'open',
      secondFactors: ['email-code'],
      confirmWith: ['password', 'email-code'],
    },
    config: { hashMemoryKib: 1024, hashPasses: 1 },
  });
  await addAccount(site.app, 'alex@example.com', { emailVerified: true });
  const signIn = async () => {
    const flow = await openSignIn(site);
    await flow.identify('alex@example.com');
    await flow.typePassword(TEST_PASSWORD);
    await flow.submit('/email-code/send', {});
    return flow;
  };
  const readCodeFor = async (to: string) => {
    const mail = (await site.mails()).findLast((one) => one.to === to && one.text.includes('Your code'));
    site.advance(1); // the next mail is a later one
    return readCode(requireValue(mail));
  };
  const first = await signIn();
  await first.submit('/email-code', { code: await readCodeFor('alex@example.com') });
  const visit = new AccountVisit(site.issuer, first.visitor);
  const codes: Record<string, string> = {};
  const second = await signIn();
  codes.signIn = await readCodeFor('alex@example.com');
  const adding = { purpose: 'add-totp' } as const;
  await visit.answerConfirmation(adding, 'email-code/send', {});
  codes.confirm = await readCodeFor('alex@example.com');
  await visit.confirm('change-address');
  await visit.submit('/email/change', { email: 'other@example.com' });
  codes.address = await readCodeFor('other@example.com');
  const newcomer = await openSignIn(site);
  await newcomer.submit('/sign-up/email', { email: 'new@example.com' });
  codes.signUp = await readCodeFor('new@example.com');
  assert.equal(new Set(Object.values(codes)).size, 4);
  const places: Readonly<Record<string, (code: string) => Promise<Answer>>> = {
    signIn: (code) => second.visitor.postForm(`${second.base}/email-code`, { code }),
    confirm: (code) => visit.answerConfirmation(adding, 'email-code', { code }),
    address: (code) => visit.submit('/email/change/code', { code }),
    signUp: (code) => newcomer.visitor.postForm(`${newcomer.base}/sign-up/code`, { code }),
  };

  for (const [place, type] of Object.entries(places))
    for (const [kind, code] of Object.entries(codes))
      if (kind !== place) assertRefused(await type(code), 'code_refused');
  for (const [place, type] of Object.entries(places))
    assert.equal((await type(requireValue(codes[place]))).status, 303, place);
});

test('every link of every mail leads to the issuer, whatever the request says of hosts (EM-11)', async (t) => {
  const site = await openWholeSite(t);
  const { issuer } = site;
  const { visit, values, csrf } = await openWholeAccount(site, 'alex@example.com');
  site.advance(1000); // more mails may be sent
  const { base } = await openSignIn({ ...site, visitor: visit.visitor, parameters: { prompt: 'login' } });
  const before = (await site.mails()).length;
  const lies = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    forwarded: 'host=evil.example;proto=https',
    'x-original-url': 'https://evil.example/',
    referer: 'https://evil.example/',
  };
  const forms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    '/account/confirm/email-link/send?for=add-totp': { csrf },
    '/account/recovery-codes': { csrf },
    [`${base}/help`]: { email: 'alex@example.com', way: 'password' },
    [`${base}/sign-up/email`]: { email: 'new@example.com' },
    [`/not-me/${values['not-me']}`]: {},
  };
  await visit.confirm('make-recovery-codes');
  for (const [path, fields] of Object.entries(forms)) {
    const { status, text } = await visit.visitor.postForm(path, fields, lies);
    assert.ok(status < 400, `${path} ${status} ${text}`);
  }

  const mails = (await site.mails()).slice(before);
  assert.ok(mails.length >= 4, `${mails.length} mails`);
  for (const { subject, text, html } of mails) {
    const links = `${text} ${html}`.match(/https?:[^\s"<>]+/g) ?? [];
    assert.deepEqual(
      links.filter((link) => !link.startsWith(`${issuer}/`)),
      [],
      subject,
    );
    assert.doesNotMatch(text + html, /evil/, subject);
  }
});
