/** Loaded into the process of each test file: one that goes on after its tests says what it left open, and fails. */
import { after } from 'node:test';

after(() => {
  // By --test-force-exit it would end sooner, but then what its tests have told may be lost (nodejs/node#64833).
  setTimeout(() => {
    process.stderr.write(`left open: ${process.getActiveResourcesInfo().join(', ')}\n`);
    process.exit(1);
  }, Number(process.env.CARDEA_TEST_PATIENCE_MS)).unref();
});
