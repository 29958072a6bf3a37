import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@babel/parser';

const ROOT = join(import.meta.dirname, '..');

/** A node of a syntax tree, as far as the checks look at it. */
export interface SyntaxNode {
  readonly type: string;
  readonly loc: { readonly start: { readonly line: number } };
  readonly [property: string]: unknown;
}

/** Something in a file that a rule forbids. */
export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
}

/** The texts of the files that match, by their paths from the root of the project. */
export function readFiles(patterns: readonly string[]): ReadonlyMap<string, string> {
  const paths = globSync(patterns, { cwd: ROOT }).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

/** Every node of a TypeScript file; type-only syntax is there too. */
export function* walkSource(text: string): Generator<SyntaxNode> {
  const { program } = parse(text, { sourceType: 'module', plugins: ['typescript'] });
  yield* walk(program);
}

function* walk(value: unknown): Generator<SyntaxNode> {
  if (Array.isArray(value)) for (const item of value) yield* walk(item);
  if (!isNode(value)) return;
  yield value;
  for (const child of Object.values(value)) yield* walk(child);
}

export function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'loc' in value
  );
}

/** Prints the problems, or that there are none, and sets the exit code. */
export function report(problems: readonly Problem[], allWell: string): void {
  for (const { path, line, rule } of problems) process.stdout.write(`${path}:${line} ${rule}\n`);
  if (problems.length > 0) process.exitCode = 1;
  else process.stdout.write(`${allWell}\n`);
}
