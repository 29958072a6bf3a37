import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountVisit } from '../support/account-visit.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { addPasskey } from '../support/enrol.ts';
import { encodeQuery, type FuzzRequest, fillPath, type RouteValues, sampleRequests } from '../support/fuzz-requests.ts';
import { race } from '../support/race.ts';
import { RawClient } from '../support/raw-client.ts';
import { type RawAnswer, sendRaw } from '../support/raw-request.ts';
import { requireValue } from '../support/require-value.ts';
import { openSession } from '../support/session.ts';

const REQUESTS = 4000;
const AT_ONCE = 16;
const SEED = 20_260_101;
/** Some requests end what their sender has begun. */
const SENDERS = 24;
/** One in so many has links that were mailed. */
const LINKED = 3;

/** A browser that is signed in and in the middle of another sign-in. */
interface Sender {
  readonly issuer: string;
  readonly cookies: string;
  readonly values: RouteValues;
  readonly csrf: string;
  readonly clientId: string;
}

async function prepareSender(site: TestApp, index: number): Promise<Sender> {
  const { app, issuer } = site;
  const { account, visitor } = await openSession(site, `${index}@example.com`);
  await addPasskey(app, account);
  const client = await RawClient.register(site);
  const page = await client.authorize(visitor, { prompt: index % 4 === 0 ? 'consent' : 'login' });
  const base = new URL(page.url).pathname;
  const interaction = base.split('/').at(-1) ?? '';
  const passkey = (await app.passkeys.list(account.id))[0]?.id ?? '';
  const token = (await app.setUp.createLink()).split('/').at(-1) ?? '';
  const visit = new AccountVisit(issuer, visitor);
  await visit.confirm('rename-passkey', passkey);
  await visit.submit('/email/send');
  const organization = await app.organizations.requireOrFirst(undefined);
  // Some links end every session of their account, and so would all that comes after.
  if (index % LINKED === 0) await app.recovering.offer(account, organization);
  const links = index % LINKED === 0 ? await findTokens(site, account.email) : {};
  const cookies = [...visitor.cookies].filter(([, { path }]) => path === '/' || path === base);
  return {
    issuer,
    cookies: cookies.map(([key, cookie]) => `${key.split(' ')[0]}=${cookie.value}`).join('; '),
    values: { id: interaction, passkey, client: client.id, 'set-up': token, ...links },
    csrf: await visit.readCsrf(),
    clientId: client.id,
  };
}

/** What the links of somebody's mails end with, by what comes before it. */
async function findTokens({ issuer, mails }: TestApp, email: string): Promise<RouteValues> {
  const texts = (await mails()).filter(({ to }) => to === email).map(({ text }) => text);
  const links = texts.join('\n').matchAll(new RegExp(`${issuer}/([a-z/-]+)/([\\w.-]+)`, 'g'));
  return Object.fromEntries([...links].map(([, page = '', token = '']) => [page, token]));
}

/** The request as this sender makes it, with what it was given in the place of `own`. */
function write({ method, path, query, type, body, headers }: FuzzRequest, sender: Sender): Buffer {
  const { host, origin } = new URL(sender.issuer);
  const target = fillPath(path, sender.values);
  const own = (text: string) =>
    text
      .replaceAll(/csrf=own|"csrf":"own"/g, (word) => word.replace('own', sender.csrf))
      .replaceAll('client_id=own', `client_id=${sender.clientId}`);
  const search = query.length > 0 ? `?${own(encodeQuery(query))}` : '';
  const bytes = Buffer.from(typeof body === 'string' ? own(body) : body);
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const lines = [
    `${method} ${target}${search.slice(0, 6000)} HTTP/1.1`,
    `Host: ${host}`,
    'Accept: text/html',
    ...(headers.some(([name]) => name === 'Origin') ? [] : [`Origin: ${origin}`]),
    ...(headers.some(([name]) => name === 'Cookie') ? [] : [`Cookie: ${sender.cookies}`]),
    ...(hasBody ? [`Content-Type: ${type}`, `Content-Length: ${bytes.length}`] : []),
    ...headers.map(([name, text]) => `${name}: ${text}`),
    'Connection: close',
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), hasBody ? bytes : Buffer.alloc(0)]);
}

function isFault({ status, headers, body }: RawAnswer): boolean {
  const isNodes = status === 400 && headers['content-type'] === undefined; // it was no HTTP and never reached us
  const isWhole = isNodes || headers['x-content-type-options'] === 'nosniff';
  return status === 0 || status >= 500 || !isWhole || /\bat .*\.(ts|js):\d/.test(body);
}

test('whatever is asked, the answer is never a fault of ours', async (t) => {
  const site = await openTestApp(t, {
    policy: { enrolPasskey: 'manual', secondFactor: 'off' },
    config: { hashMemoryKib: 1024, hashPasses: 1 },
  });
  const senders = await race(SENDERS, (index) => prepareSender(site, index));
  const queue = sampleRequests(REQUESTS, SEED);
  const faults: string[] = [];
  const reached = new Set<string>();

  await race(AT_ONCE, async () => {
    for (let request = queue.pop(); request; request = queue.pop()) {
      const sender = requireValue(senders[queue.length % SENDERS]);
      const answer = await sendRaw(site.issuer, write(request, sender));
      reached.add(`${answer.status} ${request.path}`);
      if (isFault(answer)) faults.push(`${answer.status} ${JSON.stringify(request)} ${answer.body.slice(0, 300)}`);
    }
  });

  assert.deepEqual(faults, []);
  assert.deepEqual(
    site.log.filter((line) => JSON.parse(line).level === 'error'),
    [],
  );
  const depths = [
    '303 /interaction/:id/identify',
    '200 /interaction/:id/passkey/options',
    '200 /account/passkeys/:passkey/rename',
    '303 /account/confirm/password',
    '303 /auth',
  ];
  for (const depth of depths) assert.ok(reached.has(depth), `${depth} was reached`);
  assert.equal((await fetch(`${site.issuer}/health/ready`)).status, 200);
});
