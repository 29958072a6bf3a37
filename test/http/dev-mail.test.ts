import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Koa from 'koa';
import type { AppMiddleware, AppState } from '../../src/http/app-context.ts';
import { LANGUAGES } from '../../src/http/languages/languages.ts';
import { errors } from '../../src/http/middleware/errors.ts';
import { requestContext } from '../../src/http/middleware/request-context.ts';
import { securityHeaders } from '../../src/http/middleware/security-headers.ts';
import { createDevMailPages } from '../../src/http/pages/dev-mail-pages.ts';
import { Pages } from '../../src/http/pages/pages.ts';
import { createViews } from '../../src/http/view.ts';
import { Ids } from '../../src/lib/ids.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { MailFolder } from '../../src/mail/mail-folder.ts';
import { TEST_START } from '../support/clock.ts';
import { buildLetter, sampleMessage } from '../support/mail-samples.ts';
import { renderMail } from '../support/mailers.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { Visitor } from '../support/visitor.ts';

const ids = new Ids();
const manifest = { 'cardea.css': 'cardea-1.css', 'mark.svg': 'mark-1.svg', 'forms.js': 'forms-1.js' };
const views = createViews({ folder: join(import.meta.dirname, '../../views'), manifest, languages: LANGUAGES });

/** The pages behind what every request meets, and a folder with one mail in it. */
async function setUp(t: TestContext) {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`; // it listens on a port
  const mailFolder = new MailFolder(join(makeTempFolder(t), 'outbox'));
  const pages = new Pages({ views, organizationName: 'Northwind', development: true });
  const router = createDevMailPages({ mailFolder, issuer, pages });
  const logger = createLogger({ level: 'silent', format: 'json', destination: { write: () => undefined } });
  const app = new Koa<AppState>();
  app.use(requestContext({ logger, ids, trustedProxies: ['127.0.0.1'] }));
  app.use(securityHeaders(issuer));
  app.use(errors(pages));
  app.use(router.routes() as unknown as AppMiddleware); // the router's own context type adds what it sets itself
  const handle = app.callback();
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });

  const link = `${issuer}/verify/V1StGXR8_Z5jdHi6B-myT?a=1&b=2`;
  const letter = buildLetter({ ...sampleMessage('verify-address'), link }, { organizationName: '<b>North</b>' });
  const mail = { ...renderMail(letter), id: ids.newId<never>(), to: letter.to, date: TEST_START };
  const deliver = () => mailFolder.send({ ...mail, from: { name: 'Northwind', address: 'no-reply@localhost' } });
  return { issuer, visitor: new Visitor(issuer), deliver, name: `20260101T120000123Z-${mail.id}`, html: mail.html };
}

test('what would have been sent is listed, and can be read and followed', async (t) => {
  const { visitor, deliver, name } = await setUp(t);
  assert.match((await visitor.get('/dev/mail')).text, /No mail yet/);
  await deliver();

  const list = await visitor.get('/dev/mail');
  assert.ok(
    list.text.includes(`<a href="/dev/mail/${name}">Confirm your e-mail address for &lt;b&gt;North&lt;/b&gt;</a>`),
  );
  const page = await visitor.get(`/dev/mail/${name}`);
  assert.match(page.text, /Your code: 48215093/);
  assert.match(page.text, /<a href="\/verify\/V1StGXR8_Z5jdHi6B-myT\?a=1&amp;b=2">http:\/\/localhost/);
  assert.doesNotMatch(page.text, /<b>North/);
});

test('the HTML of a mail has an origin of its own, and neither runs nor loads anything', async (t) => {
  const { visitor, deliver, name, html } = await setUp(t);
  await deliver();
  const answer = await visitor.get(`/dev/mail/${name}/html`);
  assert.equal(answer.status, 200);
  assert.equal(answer.text.trimEnd(), html.trimEnd());
  assert.match(answer.headers.get('content-type') ?? '', /^text\/html/);
  const policy = answer.headers.get('content-security-policy') ?? '';
  assert.match(
    policy,
    /^sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline';/,
  );
  assert.doesNotMatch(policy, /script|same-origin/);
});

test('nobody but this machine sees a mail', async (t) => {
  const { visitor, deliver, name } = await setUp(t);
  await deliver();
  for (const path of ['/dev/mail', `/dev/mail/${name}`, `/dev/mail/${name}/html`]) {
    for (const headers of [
      { 'x-forwarded-for': '203.0.113.7' },
      { 'x-forwarded-for': '127.0.0.1' },
      { forwarded: 'for=x' },
    ]) {
      const answer = await visitor.get(path, headers);
      assert.equal(answer.status, 404);
      assert.doesNotMatch(answer.text, /48215093|Confirm your/);
    }
  }
});

test('a mail that is not there is not found', async (t) => {
  const { visitor } = await setUp(t);
  for (const name of ['..%2f..%2fsecret', 'x', `20260101T120000123Z-${'a'.repeat(22)}`]) {
    assert.equal((await visitor.get(`/dev/mail/${name}`)).status, 404, name);
    assert.equal((await visitor.get(`/dev/mail/${name}/html`)).status, 404, name);
  }
});
