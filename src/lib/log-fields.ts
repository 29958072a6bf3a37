/** What a log line tells beside its message. */
export type LogFields = { readonly [name: string]: unknown };

const REDACTED = '[redacted]';
const MAX_CHARACTERS = 2048;
const MAX_ITEMS = 50;
/** Deeper values are cut, secrets or not. */
const MAX_DEPTH = 5;

/** Last words of names, written without case, `_` and `-`, whose values are secrets. */
const SECRET_ENDINGS = [
  'assertion',
  'authorization',
  'cookie',
  'cookies',
  'cookiekeys',
  'password',
  'privatejwk',
  'privatekey',
  'sealingkey',
  'secret',
  'signature',
  'signingkey',
  'token',
  'verifier',
];
/** Whole names: "code" alone is a bearer value, while `errorCode` or `statusCode` is not. */
const SECRET_NAMES = new Set([
  'code',
  'usercode',
  'devicecode',
  'authorizationcode',
  'recoverycode',
  'totpcode',
  'csrf',
]);
/** C1 control characters and line separators, which JSON leaves as they are but terminals and log readers may obey. */
const UNESCAPED_CONTROLS = /[\u007f-\u009f\u2028\u2029]/g;

/** Makes fields fit for a log: secrets redacted by name at any depth, long text cut, bytes counted, errors with their causes. */
export function cleanseFields(fields: LogFields): LogFields {
  return cleanseEntries(fields, 1);
}

/** Cuts text at 2048 characters and takes out the control characters that JSON would leave in. */
export function cleanseText(text: string): string {
  const kept = text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}… (${text.length} characters)`;
  return kept.replace(UNESCAPED_CONTROLS, '\ufffd');
}

function cleanseEntries(value: object, depth: number): LogFields {
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    entries.map(([name, item]) => [cleanseText(name), isSecretName(name) ? REDACTED : cleanse(item, depth)]),
  );
}

function cleanse(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanseText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return cleanseError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => cleanse(item, depth + 1));
  if ('toJSON' in value && typeof value.toJSON === 'function') return cleanse(value.toJSON(), depth + 1);
  return cleanseEntries(value, depth + 1);
}

/** The words of an error and of its causes. Its `code` is a fixed word of a program, not a secret. */
function cleanseError(error: Error, depth: number): LogFields {
  const { name, message, stack, cause, ...more } = error;
  return {
    ...cleanseEntries(more, depth + 1),
    name,
    message: cleanseText(message),
    ...('code' in error && { code: cleanse(error.code, depth + 1) }),
    ...(stack !== undefined && { stack: cleanseText(stack) }),
    ...(error instanceof AggregateError && { errors: cleanse(error.errors, depth + 1) }),
    ...(cause !== undefined && { cause: cleanse(cause, depth + 1) }),
  };
}

function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[_-]/g, '');
  return SECRET_NAMES.has(plain) || SECRET_ENDINGS.some((ending) => plain.endsWith(ending));
}
