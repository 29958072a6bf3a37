import { compileTemplates } from '../lib/templates.ts';
import type { Language } from './languages/languages.ts';
import { createWording, type Wording } from './languages/wording.ts';
import type { ViewModels, ViewName } from './view-models.ts';

interface ViewSettings {
  /** Holds one template for each page, and those they include in partials/. */
  readonly folder: string;
  /** Asset name → the file that holds its present contents. */
  readonly manifest: Readonly<Record<string, string>>;
  /** By the name that a request asks for; English stands in for one that is not here. */
  readonly languages: Readonly<Record<string, Language>> & { readonly en: Language };
}

export interface Views {
  /** The whole page as HTML. Throws for a page, a sentence or a value that is missing: each is a bug. */
  render<Name extends ViewName>(name: Name, model: ViewModels[Name], language: string): string;
  /** The sentences of a language, for answers that are not pages. */
  wording(language: string): Wording;
}

/**
 * What a template sees, and nothing else: never a query or a body, whose fields could otherwise become names or settings
 * of the template engine. They are few because each include copies them.
 */
interface Locals {
  readonly model: object;
  readonly text: Wording['text'];
  readonly page: Wording & { asset(name: string): string };
}
const LOCALS: readonly (keyof Locals)[] = ['model', 'text', 'page'];

/** Reads and compiles every template at once, so that a broken one fails the start and not a person. */
export function createViews({ folder, manifest, languages }: ViewSettings): Views {
  const templates = compileTemplates(folder, LOCALS);
  const english = createWording(languages.en);
  const wordings = new Map(Object.entries(languages).map(([name, language]) => [name, createWording(language)]));
  const wording = (language: string): Wording => wordings.get(language) ?? english;

  function asset(name: string): string {
    const file = manifest[name];
    if (file === undefined) throw new Error(`no asset ${name}`);
    return `/assets/${file}`;
  }

  function render<Name extends ViewName>(name: Name, model: ViewModels[Name], language: string): string {
    const template = templates.get(name);
    if (template === undefined) throw new Error(`no template ${name}`);
    const words = wording(language);
    const locals: Locals = { model, text: words.text, page: { ...words, asset } };
    return template(locals);
  }

  return { render, wording };
}
