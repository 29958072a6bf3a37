import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { addAccount, TEST_PASSWORD } from '../support/app.ts';
import { openCardea } from '../support/command-line.ts';
import { readProjectFile } from '../support/deployment.ts';
import { addPasskey, addTotp } from '../support/enrol.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

/** What the page for operators says to delete. */
const SQL = /'(BEGIN; DELETE FROM [^']+ COMMIT)'/.exec(readProjectFile('docs/operations.md'))?.[1] ?? '';

test('without its sealing key an installation starts once the page for operators was followed, and people get in', async (t) => {
  const dataDir = makeTempFolder(t);
  const { open } = openCardea(t, { CARDEA_DATA_DIR: dataDir });
  const account = await (async () => {
    await using app = await open();
    const account = await addAccount(app, 'alex@example.com');
    await addTotp(app, account);
    await addPasskey(app, account);
    await app.recoveryCodes.make(account.id);
    await app.recovering.offer(account, await app.organizations.requireOrFirst(account.organizationId)); // a mail that waits
    return account;
  })();
  const variables = { CARDEA_SEALING_KEY: Buffer.alloc(32, 7).toString('base64') };
  await assert.rejects(open(variables), /the sealing key does not open/);

  const database = new DatabaseSync(join(dataDir, 'cardea.sqlite'));
  database.exec(SQL);
  database.close();

  await using app = await open(variables);
  const { totps, recoveryCodes, outbox, passkeys } = app.storage;
  assert.equal(await totps.find(account.id), undefined);
  assert.equal(await recoveryCodes.find(account.id), undefined);
  assert.deepEqual((await outbox.list({ limit: 10 })).items, []);
  assert.equal((await passkeys.listByAccount(account.id)).length, 1);
  const stored = await app.accounts.find(account.id);
  assert.equal((await app.passwords.check(stored, TEST_PASSWORD)).type, 'right');
  await addTotp(app, account);
});
