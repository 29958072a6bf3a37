// Runs before `npm start` and `npm test`, on whatever Node.js the machine has, and makes node_modules what package-lock.json
// says. That brings the Node.js the project runs on too: the package `node`, first in the PATH of every npm script.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Whether npm's own note of what it installed names every required package of package-lock.json, in the same version. */
function isInstalled() {
  try {
    const wanted = readPackages('../package-lock.json');
    const installed = readPackages('../node_modules/.package-lock.json');
    return Object.entries(wanted).every(
      ([path, { version, optional }]) =>
        path === '' || installed[path]?.version === version || (optional && !installed[path]),
    );
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

function readPackages(path) {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).packages;
}

/** Runs `npm ci` with the npm and the Node.js that run this script; answers its exit status. */
function install() {
  const { npm_execpath: npmCli, npm_node_execpath: node } = process.env;
  // Development packages are wanted even where NODE_ENV is production: the Node.js to run on is one of them.
  const options = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const isNpm = npmCli?.endsWith('npm-cli.js') && node;
  const { status, error } = isNpm
    ? spawnSync(node, [npmCli, ...options], { cwd: new URL('..', import.meta.url), stdio: 'inherit' })
    : spawnSync('npm', options, { cwd: new URL('..', import.meta.url), stdio: 'inherit' });
  return error ? error.message : status;
}

if (!isInstalled()) {
  process.stdout.write('Installing the packages that package-lock.json names, Node.js 24 among them (npm ci) ...\n');
  const status = install();
  if (status !== 0) {
    process.stderr.write(
      `The installation failed (${status}); npm says why above. Is the package registry reachable?\n`,
    );
    process.exitCode = 1;
  }
}
