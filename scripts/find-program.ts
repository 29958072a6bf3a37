import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first program that is there, first where Debian has its programs and then in the PATH. */
export function findInPath(...programs: readonly string[]): string | undefined {
  const folders = ['/usr/bin', '/usr/sbin', ...(process.env.PATH ?? '').split(delimiter)];
  return folders.flatMap((folder) => programs.map((program) => join(folder, program))).find(isExecutable);
}

/** Installs a package of Debian, where that is in our power: as root and with apt-get. False when it did not work. */
export function installPackage(name: string, purpose: string): boolean {
  if (process.getuid?.() !== 0 || !isExecutable('/usr/bin/apt-get')) return false;
  process.stdout.write(`Installing ${name} for ${purpose} (apt-get install ${name}) ...\n`);
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: 'ignore' } as const;
  spawnSync('apt-get', ['update'], options); // a list that is old may still do
  return spawnSync('apt-get', ['install', '--yes', '--no-install-recommends', name], options).status === 0;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
