import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

export function readProjectFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The text of each service of a Compose file, by its name. What is commented out is none. */
export function listServices(compose: string): ReadonlyMap<string, string> {
  const [, section = ''] = /^services:\n((?: .*\n|\n)+)/m.exec(compose) ?? [];
  const services = section.matchAll(/^ {2}([\w-]+):.*\n((?: {4}.*\n|\n)+)/gm);
  return new Map([...services].map(([, name = '', text = '']) => [name, text]));
}

/** The items of a list of a service, in either way of writing one. */
export function readList(service: string, name: string): readonly string[] {
  const [, line] = new RegExp(`^ {4}${name}: \\[(.*)\\]$`, 'm').exec(service) ?? [];
  if (line !== undefined) return line.split(', ');
  const [, lines = ''] = new RegExp(`^ {4}${name}:\\n((?: {6}- .*\\n)+)`, 'm').exec(service) ?? [];
  return [...lines.matchAll(/^ {6}- ("?)(.*?)\1(?: #.*)?$/gm)].map(([, , item = '']) => item);
}

/** Makes the secrets of compose.yaml as docs/operations.md says, within a folder; answers where they are. */
export function makeSecrets(folder: string): string {
  const [, commands = ''] =
    /```sh\n(mkdir -m 700 secrets [\s\S]*?)```/.exec(readProjectFile('docs/operations.md')) ?? [];
  execFileSync('/bin/sh', ['-eu', '-c', commands], { cwd: folder, stdio: 'pipe' });
  return join(folder, 'secrets');
}
