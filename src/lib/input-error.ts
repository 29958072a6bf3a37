import type { z } from 'zod';

/** One thing that is wrong with an input. */
export interface Problem {
  /** Where: a path such as `redirectUris[0]`; empty for the input as a whole. */
  readonly field: string;
  /** What: words that go on from the field's name, such as `must not have a fragment`. */
  readonly message: string;
}

/** What an administrator gave breaks rules: every one of them is named, so that all can be mended at once. */
export class InputError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map(({ field, message }) => `${field} ${message}`.trimStart()).join('; '), options);
    this.name = 'InputError';
    this.problems = problems;
  }
}

/** The input as the schema reads it; throws `InputError` with every problem. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input, { error: describeIssue });
  if (!result.success) throw new InputError(result.error.issues.flatMap(toProblems));
  return result.data;
}

/** Words for what a schema has none of its own for. They repeat nothing of the input. */
function describeIssue(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be of the type ${issue.expected}`;
    case 'invalid_value':
      return `must be one of: ${issue.values.join(', ')}`;
    case 'invalid_format':
      return `must have the form of a ${issue.format}`;
    case 'too_small':
      return `must not be below ${issue.minimum}`;
    case 'too_big':
      return `must not be above ${issue.maximum}`;
    default:
      return 'is not acceptable';
  }
}

function toProblems(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: writePath([...issue.path, key]), message: 'is not known' }));
  }
  return [{ field: writePath(issue.path), message: issue.message }];
}

function writePath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((written, part) => {
    if (typeof part === 'number') return `${written}[${part}]`;
    return written === '' ? String(part) : `${written}.${String(part)}`;
  }, '');
}
