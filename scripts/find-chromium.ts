import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];

/** Where Chromium is: as CARDEA_TEST_CHROMIUM says, in the PATH, or freshly installed where that is in our power. */
export function findChromium(): string | undefined {
  return process.env.CARDEA_TEST_CHROMIUM ?? findInPath() ?? (installChromium() ? findInPath() : undefined);
}

function findInPath(): string | undefined {
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  return folders.flatMap((folder) => PROGRAMS.map((program) => join(folder, program))).find(isExecutable);
}

/** Only as root and with Debian's apt-get; false when it did not work. */
function installChromium(): boolean {
  if (process.getuid?.() !== 0 || !isExecutable('/usr/bin/apt-get')) return false;
  process.stdout.write('Installing Chromium for the browser tests (apt-get install chromium) ...\n');
  const commands = [['update'], ['install', '--yes', '--no-install-recommends', 'chromium']];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return commands.every((args) => spawnSync('apt-get', args, { env, stdio: 'ignore' }).status === 0);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
