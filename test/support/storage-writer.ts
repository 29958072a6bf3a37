/** A process of its own that stores clients without end and prints the id of each once it is acknowledged: `storage-writer.ts <path>`. */
import { writeSync } from 'node:fs';
import { openSqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { buildClient } from './builders.ts';
import { TestClock } from './clock.ts';
import { race } from './race.ts';

const [path = ''] = process.argv.slice(2);
const { clients } = await openSqliteStorage({ path, clock: new TestClock() });

await race(8, async () => {
  for (;;) {
    const client = buildClient();
    if (await clients.insert(client)) writeSync(1, `${client.id}\n`);
  }
});
