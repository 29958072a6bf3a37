import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ejs from 'ejs';

/** Makes the text of one template; it sees these values under their names and no others. */
export type Template = (locals: object) => string;

/**
 * Reads and compiles every `.ejs` file of a folder at once, so that a broken one fails the start and not a person. The templates go by
 * their path in the folder without the ending, and see the values that `locals` names.
 */
export function compileTemplates(folder: string, locals: readonly string[]): ReadonlyMap<string, Template> {
  const templates = new Map<string, Template>();
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.ejs'))) {
    const filename = resolve(folder, file);
    const template = ejs.compile(readFileSync(filename, 'utf8'), {
      filename,
      root: folder, // includes begin with a slash: others would be looked for on the disk at each rendering
      cache: true,
      strict: true,
      destructuredLocals: [...locals],
      rmWhitespace: true,
    });
    ejs.cache.set(filename, template); // where an include looks first
    templates.set(file.slice(0, -'.ejs'.length), template);
  }
  return templates;
}
