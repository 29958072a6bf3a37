import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { skipWithoutOpenssl } from '../support/certificate.ts';
import { FaultSite, skipFaults } from '../support/fault-site.ts';
import { Load } from '../support/load.ts';
import type { Person } from '../support/person.ts';
import { waitFor } from '../support/redis.ts';
import type { ServerProcess } from '../support/server-process.ts';

const PEOPLE = 8;
const KILLS = 4;
/** Each of them makes one request, and one more when the server that it is sent to is already on its way out. */
const MOST_UNDER_WAY = 2 * PEOPLE;
/** Makes it likely that a kill falls between two writes that belong together. */
const WRITE_MS = 20;
/** How long a server that ends still takes connections, so that load balancers can notice. */
const NOTICE_MS = 5000;
const DRAINED_WITHIN_MS = 30_000;

test('a server that is killed under load leaves nothing half done, and the other one goes on', {
  skip: skipFaults,
}, async (t) => {
  const site = await FaultSite.open(t);
  const { installation, ledger, client } = site;
  const servers = [site.server, await installation.startServer()];
  installation.mongo.delayAnswers(WRITE_MS);
  const tried: Person[] = [];
  const load = new Load(PEOPLE, async () => {
    const person = site.newPerson();
    tried.push(person);
    const code = await person.signUp(() => ledger.addPasskey(person));
    await ledger.exchange(client, code, 2);
  });
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await load.waitForMore(PEOPLE);
    await servers.shift()?.kill();
    await load.waitForMore(PEOPLE);
    servers.push(await installation.startServer());
  }
  await load.stop();
  installation.mongo.restore();

  await ledger.verify();
  assert.ok(load.missed.length <= KILLS * MOST_UNDER_WAY, `${load.missed.length} requests failed`);
  await t.test('an account that is there has a way in', async () => {
    const { accounts, passkeys, organizations } = installation.operator;
    const { id } = await organizations.requireOrFirst(undefined);
    for (const { email } of tried) {
      const account = await accounts.findByEmail(id, email);
      if (account) assert.equal((await passkeys.list(account.id)).length, 1, email);
    }
  });
});

test('servers that are told to end hand over to others, and no request fails', {
  skip: skipFaults || skipWithoutOpenssl,
}, async (t) => {
  const site = await FaultSite.open(t, { production: true });
  const { installation, ledger, client } = site;
  const load = new Load(PEOPLE, async () => {
    const { person, code } = await site.admitPerson();
    await ledger.exchange(client, code);
    await person.signIn();
  });
  let serving: ServerProcess = site.server;
  for (let round = 1; round <= 2; round += 1) {
    const next = await installation.startServer();
    await load.waitForMore(PEOPLE);
    const slow = await SlowRequest.begin(site.issuer, serving);
    const start = performance.now();
    const exit = serving.stop();
    await waitFor(async () => (await askReadiness(serving)) === 503, 1000);
    await waitFor(async () => (await askReadiness(serving)) === undefined, NOTICE_MS + 1000);
    assert.ok(performance.now() - start >= NOTICE_MS);
    assert.match(await slow.finish(), /^HTTP\/1\.1 400 /);
    assert.equal(await exit, 0);
    assert.ok(performance.now() - start < DRAINED_WITHIN_MS);
    serving = next;
  }
  await load.waitForMore(PEOPLE);
  await load.stop();
  assert.deepEqual(load.missed, []);
  await ledger.verify();
});

/** A request whose body takes its time. */
class SlowRequest {
  readonly #socket;

  private constructor(socket: ReturnType<typeof connect>) {
    this.#socket = socket;
  }

  static async begin(issuer: string, { environment }: ServerProcess): Promise<SlowRequest> {
    const socket = connect(Number(environment.CARDEA_PORT), '127.0.0.1').setEncoding('utf8');
    await once(socket, 'connect');
    const head = ['POST /token HTTP/1.1', `Host: ${new URL(issuer).host}`, 'Content-Length: 12'];
    const type = 'Content-Type: application/x-www-form-urlencoded';
    socket.write(`${[...head, type].join('\r\n')}\r\n\r\ngrant_`);
    return new SlowRequest(socket);
  }

  /** Sends the rest; answers what comes back. */
  async finish(): Promise<string> {
    this.#socket.write('type=x');
    const [answer] = await once(this.#socket, 'data');
    this.#socket.destroy();
    return answer;
  }
}

/** The status that a load balancer is given when it asks the server itself; undefined when it takes no connections. */
async function askReadiness({ address }: ServerProcess): Promise<number | undefined> {
  try {
    const answer = await fetch(`http://${address}/health/ready`, { headers: { connection: 'close' } });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return undefined;
  }
}
