/** `npm run check:imports`: who imports whom, type-only imports included, against the table in import-rules.ts. */
import { builtinModules } from 'node:module';
import { dirname, join, matchesGlob } from 'node:path';
import { AREAS, FREE_OF_LIBRARY_RULES, LIBRARY_HOMES, WITHOUT_NODE } from './import-rules.ts';
import { isNode, type Problem, readFiles, report, type SyntaxNode, walkSource } from './source-file.ts';

interface Import {
  readonly from: string;
  readonly line: number;
  /** A path from the root of the project, or the name of a library. */
  readonly to: string;
  readonly isFile: boolean;
}

const SOURCES = ['src/**/*.ts', 'config/**/*.ts', 'test/**/*.ts', 'scripts/**/*.ts', 'examples/**/*.ts'];
const IMPORTING_NODES = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

/** What the table forbids in these files (path → text), and every cycle among them. */
export function findImportProblems(sources: ReadonlyMap<string, string>): readonly Problem[] {
  const imports = [...sources].flatMap(([path, text]) => [...listImports(path, text)]);
  const broken = imports.flatMap((found) => {
    const rule = found.isFile ? judgeFileImport(found) : judgeLibraryImport(found);
    return rule ? [{ path: found.from, line: found.line, rule }] : [];
  });
  return [...broken, ...findCycles(imports)];
}

function* listImports(path: string, text: string): Generator<Import> {
  for (const node of walkSource(text)) {
    if (!IMPORTING_NODES.has(node.type) || !isNode(node.source)) continue;
    const name = readModuleName(node.source);
    const isFile = name.startsWith('.');
    yield { from: path, line: node.loc.start.line, to: isFile ? join(dirname(path), name) : name, isFile };
  }
}

/** A computed name is answered as a library that no table knows. */
function readModuleName(source: SyntaxNode): string {
  return typeof source.value === 'string' ? source.value : '(a computed name)';
}

function judgeFileImport({ from, to }: Import): string | undefined {
  const rule = AREAS.find(({ area }) => matchesGlob(from, area));
  if (!rule) return 'is in no area of import-rules.ts';
  return isIn(to, [rule.area, ...rule.imports]) ? undefined : `may not import ${to}`;
}

function judgeLibraryImport({ from, to }: Import): string | undefined {
  const isNodeModule = to.startsWith('node:') || builtinModules.includes(to);
  if (isNodeModule && !to.startsWith('node:')) return `writes ${to} without node:`;
  if (isNodeModule && isIn(from, WITHOUT_NODE)) return `runs in browsers, where ${to} does not exist`;
  if (isIn(from, FREE_OF_LIBRARY_RULES)) return undefined;
  const homes = LIBRARY_HOMES[readLibraryName(to)];
  if (!homes) return isNodeModule ? undefined : `imports ${to}, which has no home in import-rules.ts`;
  return isIn(from, homes) ? undefined : `imports ${to}, whose home is ${homes.join(', ')}`;
}

/** `@scope/name` of `@scope/name/part`. */
function readLibraryName(moduleName: string): string {
  return moduleName.split('/', moduleName.startsWith('@') ? 2 : 1).join('/');
}

function isIn(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesGlob(path, pattern));
}

/** Each cycle once, told at the import that closes it. */
function findCycles(imports: readonly Import[]): readonly Problem[] {
  const byFile = Map.groupBy(
    imports.filter(({ isFile }) => isFile),
    ({ from }) => from,
  );
  const problems: Problem[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    for (const { to, line } of byFile.get(path) ?? []) {
      const start = [...trail, path].indexOf(to);
      if (start >= 0)
        problems.push({ path, line, rule: `closes a cycle: ${[...trail, path].slice(start).join(' → ')} → ${to}` });
      else if (!done.has(to)) visit(to, [...trail, path]);
    }
    done.add(path);
  };
  for (const path of byFile.keys()) if (!done.has(path)) visit(path, []);
  return problems;
}

if (import.meta.main)
  report(findImportProblems(readFiles(SOURCES)), 'Every import is allowed, and none closes a cycle.');
