/**
 * A process of its own that sends what is in the outbox of a storage file: `mail-sender.ts <path> <port of the mail server>`. Its time is
 * that at which tests begin.
 */
import { Ids } from '../../src/lib/ids.ts';
import { openSqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { TestClock } from './clock.ts';
import { buildMailer } from './mailers.ts';

const [path, port] = process.argv.slice(2);
if (path !== undefined && port !== undefined) {
  const clock = new TestClock();
  const storage = await openSqliteStorage({ path, clock });
  const address = { host: '127.0.0.1', port: Number(port), tls: 'none' } as const;
  const mailer = buildMailer({ store: storage.outbox, clock, address, ids: new Ids() });
  mailer.wake();
  await mailer.settle();
}
