import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Makes an empty folder that is removed with all it holds after the test. */
export function makeTempFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
