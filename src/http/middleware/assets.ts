import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { AppError } from '../../lib/app-error.ts';
import type { AppMiddleware } from '../app-context.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Where a browser finds the built files: logical name → file name with its content in the name. */
export type AssetManifest = Readonly<Record<string, string>>;

/** Empty where nothing was built: the command line shows no pages. */
export async function readManifest(buildFolder: string): Promise<AssetManifest> {
  try {
    return JSON.parse(await readFile(join(buildFolder, 'manifest.json'), 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}

/** Reads every built file once; their names change with their content, so browsers may keep them for good. */
export async function loadAssets(folder: string, manifest: AssetManifest): Promise<AppMiddleware> {
  const files = new Map<string, { readonly body: Buffer; readonly type: string }>();
  for (const name of Object.values(manifest)) {
    const type = CONTENT_TYPES[extname(name)];
    if (type) files.set(`/assets/${name}`, { body: await readFile(join(folder, name)), type });
  }
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/assets/')) return next();
    const file = ctx.method === 'GET' || ctx.method === 'HEAD' ? files.get(ctx.path) : undefined;
    if (!file) throw new AppError('not_found');
    ctx.set({ 'Cache-Control': 'public, max-age=31536000, immutable', 'Content-Type': file.type });
    ctx.body = file.body;
  };
}
