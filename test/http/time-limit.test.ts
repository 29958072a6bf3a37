import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import Koa from 'koa';
import { z } from 'zod';
import type { AppContext, AppState } from '../../src/http/app-context.ts';
import { en } from '../../src/http/languages/en.ts';
import { LANGUAGES } from '../../src/http/languages/languages.ts';
import { readJson } from '../../src/http/middleware/body.ts';
import { errors } from '../../src/http/middleware/errors.ts';
import { requestContext } from '../../src/http/middleware/request-context.ts';
import { timeLimit } from '../../src/http/middleware/time-limit.ts';
import { Pages } from '../../src/http/pages/pages.ts';
import { createViews } from '../../src/http/view.ts';
import { Ids } from '../../src/lib/ids.ts';
import { createLogger } from '../../src/lib/logger.ts';

const LIMIT_MS = 4500;
const VIEWS = join(import.meta.dirname, '../../views');
const manifest = { 'cardea.css': 'cardea.css', 'mark.svg': 'mark.svg', 'forms.js': 'forms.js' };

/** A server whose one route takes as long as a test likes, and whose time runs only when it is told to. */
async function openSlowServer(t: TestContext, prepare: (ctx: AppContext) => unknown = () => undefined) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const log: string[] = [];
  const logger = createLogger({ level: 'info', format: 'json', destination: { write: (line) => void log.push(line) } });
  const views = createViews({ folder: VIEWS, manifest, languages: LANGUAGES });
  const pages = new Pages({ views, organizationName: 'Northwind', development: false });
  const begun = Promise.withResolvers<void>();
  const store = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  const slow = async (ctx: AppContext) => {
    await prepare(ctx);
    begun.resolve();
    await store.promise;
    ctx.status = 201;
    ctx.body = { done: true };
    ctx.cookies.set('late', 'cookie');
  };
  const application = new Koa<AppState>();
  application.use(requestContext({ logger, ids: new Ids(), trustedProxies: [] }));
  application.use(errors(pages));
  application.use(timeLimit(LIMIT_MS));
  application.use(async (ctx) => {
    if (ctx.path === '/fast') ctx.body = { fast: true };
    else await slow(ctx).then(ended.resolve, ended.resolve);
  });
  const server = createServer(application.callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
  return {
    port,
    address: `http://127.0.0.1:${port}`,
    log,
    begun: begun.promise,
    answerStore: store.resolve,
    ended: ended.promise,
  };
}

test('a request that is not answered within the limit is refused once, whatever its work still says', async (t) => {
  const site = await openSlowServer(t, (ctx) => ctx.set('Access-Control-Allow-Origin', '*'));
  const asked = fetch(site.address, { headers: { accept: '*/*' } });
  await site.begun;
  t.mock.timers.tick(LIMIT_MS);

  const answer = await asked;
  const body = await answer.json();
  site.answerStore();
  const fault = await site.ended;

  assert.equal(answer.status, 503);
  assert.equal(body.error, 'store_unavailable');
  assert.equal(body.requestId, answer.headers.get('x-request-id'));
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  assert.equal(answer.headers.get('set-cookie'), null);
  assert.ok(fault instanceof Error, 'a cookie that comes too late');
  assert.ok(site.log.some((line) => line.includes(body.requestId) && line.includes('not answered within 4500 ms')));
  assert.deepEqual(await (await fetch(`${site.address}/fast`)).json(), { fast: true });
});

test('people are told so on a page', async (t) => {
  const site = await openSlowServer(t);
  const asked = fetch(site.address, { headers: { accept: 'text/html' } });
  await site.begun;
  t.mock.timers.tick(LIMIT_MS);
  const answer = await asked;
  assert.equal(answer.status, 503);
  assert.ok((await answer.text()).includes(en['errors.store_unavailable.title']));
  site.answerStore();
});

test('a request that is answered just in time is answered', async (t) => {
  const site = await openSlowServer(t);
  const asked = fetch(site.address);
  await site.begun;
  t.mock.timers.tick(LIMIT_MS - 1);
  site.answerStore();
  assert.equal((await asked).status, 201);
  t.mock.timers.tick(LIMIT_MS);
});

test('the time that a body is on its way does not count', async (t) => {
  const reading = Promise.withResolvers<void>();
  const site = await openSlowServer(t, async (ctx) => {
    const body = readJson(ctx, z.unknown());
    reading.resolve();
    await body;
  });
  const socket = connect(site.port, '127.0.0.1').setEncoding('utf8');
  t.after(() => socket.destroy());
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{');
  await reading.promise;
  await setImmediate();
  t.mock.timers.tick(10 * LIMIT_MS);
  socket.write('}');
  await site.begun;
  t.mock.timers.tick(LIMIT_MS - 1);
  site.answerStore();
  const [answer] = await once(socket, 'data');
  assert.match(answer, /^HTTP\/1\.1 201 /);
});

test('a body that nobody reads is no excuse', async (t) => {
  const site = await openSlowServer(t);
  const socket = connect(site.port, '127.0.0.1').setEncoding('utf8');
  t.after(() => socket.destroy());
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{');
  await site.begun;
  await setImmediate();
  t.mock.timers.tick(LIMIT_MS);
  const [answer] = await once(socket, 'data');
  assert.match(answer, /^HTTP\/1\.1 503 /);
  site.answerStore();
});
