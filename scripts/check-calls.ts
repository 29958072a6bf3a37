/** `npm run check:calls`: time, randomness and the environment are taken only where they are meant to be. */
import { matchesGlob } from 'node:path';
import { isNode, type Problem, readFiles, report, type SyntaxNode, walkSource } from './source-file.ts';

interface CallRule {
  readonly rule: string;
  /** Files where it is allowed. */
  readonly except: readonly string[];
  matches(node: SyntaxNode): boolean;
}

const RANDOM_SOURCES = new Set([
  'randomBytes',
  'randomFill',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'getRandomValues',
]);

const RULES: readonly CallRule[] = [
  {
    rule: 'reads the environment: only config/load.ts does',
    except: ['config/load.ts'],
    matches: (node) =>
      isMember(node, 'process', 'env') ||
      importsFrom(node, 'node:process', 'env') ||
      destructures(node, 'process', 'env'),
  },
  {
    rule: 'takes the time itself: the Clock tells it',
    except: ['src/lib/clock.ts', 'src/browser/**'],
    matches: (node) =>
      isMember(node, 'Date', 'now') ||
      (node.type === 'NewExpression' && isNamed(node.callee, 'Date') && isEmpty(node.arguments)) ||
      (node.type === 'CallExpression' && isNamed(node.callee, 'Date')),
  },
  {
    rule: 'measures durations outside http/middleware',
    except: ['src/http/middleware/**', 'src/browser/**'],
    matches: (node) => isMember(node, 'performance', 'now') || isMember(node, 'process', 'hrtime'),
  },
  {
    rule: 'makes randomness itself: Ids makes it',
    except: ['src/lib/ids.ts'],
    matches: (node) =>
      isMember(node, 'Math', 'random') || (node.type === 'Identifier' && RANDOM_SOURCES.has(String(node.name))),
  },
];

/** Where these files (path → text) take time, randomness or the environment against the rules. */
export function findCallProblems(sources: ReadonlyMap<string, string>): readonly Problem[] {
  return [...sources].flatMap(([path, text]) => {
    const rules = RULES.filter(({ except }) => !except.some((pattern) => matchesGlob(path, pattern)));
    return [...walkSource(text)].flatMap((node) =>
      rules.filter(({ matches }) => matches(node)).map(({ rule }) => ({ path, line: node.loc.start.line, rule })),
    );
  });
}

/** `object.property`, also as `globalThis.object.property` or `object['property']`. */
function isMember(node: SyntaxNode, object: string, property: string): boolean {
  if (!node.type.endsWith('MemberExpression')) return false;
  const isObject = isNamed(node.object, object) || (isNode(node.object) && isNamed(node.object.property, object));
  return isObject && isNamed(node.property, property);
}

function importsFrom(node: SyntaxNode, module: string, name: string): boolean {
  if (node.type !== 'ImportDeclaration' || !isNode(node.source) || node.source.value !== module) return false;
  return Array.isArray(node.specifiers) && node.specifiers.some((item) => isNode(item) && isNamed(item.imported, name));
}

/** `const { name } = object`. */
function destructures(node: SyntaxNode, object: string, name: string): boolean {
  if (node.type !== 'VariableDeclarator' || !isNamed(node.init, object) || !isNode(node.id)) return false;
  const { properties } = node.id;
  return Array.isArray(properties) && properties.some((item) => isNode(item) && isNamed(item.key, name));
}

function isNamed(node: unknown, name: string): boolean {
  return isNode(node) && (node.type === 'Identifier' ? node.name === name : node.value === name);
}

function isEmpty(list: unknown): boolean {
  return Array.isArray(list) && list.length === 0;
}

if (import.meta.main) {
  const problems = findCallProblems(readFiles(['src/**/*.ts', 'config/**/*.ts']));
  report(problems, 'Time, randomness and the environment come from where they should.');
}
