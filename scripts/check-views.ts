/** `npm run check:views`: views escape everything and hold no script, style or handler of their own. */
import { type Problem, readFiles, report } from './source-file.ts';

interface ViewRule {
  readonly rule: string;
  /** In the text with every `<% … %>` replaced by `EJS`, except for the first rule. */
  readonly forbidden: RegExp;
}

const RAW_OUTPUT: ViewRule = {
  rule: 'writes without escaping: only an include may',
  forbidden: /<%-(?!\s*include\()/g,
};
const STYLE: ViewRule = { rule: 'has a style of its own', forbidden: /<style|<[a-z][^<>]*\sstyle\s*=/gi };
const MARKUP_RULES: readonly ViewRule[] = [
  { rule: 'has a script of its own', forbidden: /<script(?![^>]*\ssrc=)|<script[^>]*>[^<]*\S[^<]*<\/script/gi },
  STYLE,
  { rule: 'has an event handler', forbidden: /<[a-z][^<>]*\son[a-z]+\s*=/gi },
  { rule: 'has a javascript: address', forbidden: /=\s*["']?\s*javascript:/gi },
];

/** Mail programs load no stylesheet. */
const MAILS = 'views/mail/';

/** What is forbidden in these views (path → text). */
export function findViewProblems(views: ReadonlyMap<string, string>): readonly Problem[] {
  return [...views].flatMap(([path, text]) => {
    const markup = text.replaceAll(/<%[\s\S]*?%>/g, (tag) => `EJS${tag.replaceAll(/[^\n]/g, '')}`);
    const rules = MARKUP_RULES.filter((rule) => rule !== STYLE || !path.startsWith(MAILS));
    return [...findMatches(path, text, RAW_OUTPUT), ...rules.flatMap((rule) => findMatches(path, markup, rule))];
  });
}

function findMatches(path: string, text: string, { rule, forbidden }: ViewRule): readonly Problem[] {
  return [...text.matchAll(forbidden)].map(({ index }) => ({
    path,
    line: text.slice(0, index).split('\n').length,
    rule,
  }));
}

if (import.meta.main)
  report(findViewProblems(readFiles(['views/**/*.ejs'])), 'Views escape everything and hold no script or style.');
