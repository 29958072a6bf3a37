import getRawBody from 'raw-body';
import type { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import type { AppContext } from '../app-context.ts';

const FORM_BYTES = 16_384;
const JSON_BYTES = 65_536;
const MAX_FIELDS = 100;

/** The fields of a submitted form, each given once, as the schema reads them. */
export async function readForm<Schema extends z.ZodType>(ctx: AppContext, schema: Schema): Promise<z.output<Schema>> {
  if (!ctx.is('application/x-www-form-urlencoded')) throw new AppError('unsupported_media_type');
  const pairs = [...new URLSearchParams(await readText(ctx, FORM_BYTES))];
  const names = new Set(pairs.map(([name]) => name));
  const isSound = pairs.length <= MAX_FIELDS && names.size === pairs.length && pairs.flat().every(isTypeable);
  if (!isSound) throw new AppError('malformed_request');
  return parse(schema, Object.fromEntries(pairs));
}

/** A JSON body as the schema reads it. */
export async function readJson<Schema extends z.ZodType>(ctx: AppContext, schema: Schema): Promise<z.output<Schema>> {
  if (!ctx.is('application/json')) throw new AppError('unsupported_media_type');
  const text = await readText(ctx, JSON_BYTES);
  try {
    return parse(schema, JSON.parse(text));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new AppError('malformed_request', { cause });
    throw cause;
  }
}

async function readText(ctx: AppContext, limit: number): Promise<string> {
  if (ctx.get('content-encoding') !== '') throw new AppError('unsupported_media_type');
  const bytes = await getRawBody(ctx.req, { limit, length: ctx.request.length ?? null }).catch(
    (cause: { type?: string }) => {
      throw new AppError(cause.type === 'entity.too.large' ? 'body_too_large' : 'malformed_request', { cause });
    },
  );
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new AppError('malformed_request', { cause });
  }
}

/** False for NUL and for what stands in the place of escaped bytes that were no UTF-8. */
function isTypeable(text: string): boolean {
  return !text.includes('\0') && !text.includes('\ufffd');
}

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.code === 'unrecognized_keys' ? undefined : issue?.path.join('.');
  throw new AppError('malformed_request', field ? { field } : {});
}
