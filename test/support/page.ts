import assert from 'node:assert/strict';
import { en } from '../../src/http/languages/en.ts';
import type { SuccessEvent } from '../../src/http/view-models.ts';
import { ERROR_STATUS, type ErrorCode } from '../../src/lib/error-codes.ts';
import type { Answer } from './visitor.ts';

type TextKey = keyof typeof en;
type Refusal = ErrorCode | 'application_error';

/** The heading of a page: what it is for. */
export function readHeading(answer: Answer): string {
  return unescapeHtml(/<h1>(.*?)<\/h1>/s.exec(answer.text)?.[1] ?? `no page: ${answer.status} ${answer.text}`);
}

/** What happened, in the words of the page; undefined when it says nothing. */
export function readNotice(answer: Answer): string | undefined {
  const title = /id="notice" data-tone="\w+"[^>]*>\s*<p><strong>(.*?)<\/strong>/s.exec(answer.text)?.[1];
  return title && unescapeHtml(title);
}

/** The value that a form of the page holds already, such as `csrf`. */
export function readField(answer: Answer, name: string): string {
  const input = [...answer.text.matchAll(/<input[^>]*>/g)].find(([tag]) => tag.includes(` name="${name}"`))?.[0];
  return unescapeHtml(/ value="([^"]*)"/.exec(input ?? '')?.[1] ?? assert.fail(`no field ${name}: ${answer.text}`));
}

/** That a person sees this page, and on it this refusal, this success or neither. */
export function assertPage(answer: Answer, title: TextKey, said?: ErrorCode | SuccessEvent): void {
  assert.equal(readHeading(answer), en[title]);
  const isRefused = isErrorCode(said);
  const notice: TextKey | undefined = said && (isRefused ? `errors.${said}.title` : `done.${said}.title`);
  assert.equal(readNotice(answer), notice && en[notice]);
  assert.equal(answer.status, isRefused ? ERROR_STATUS[said] : 200);
}

function isErrorCode(said: ErrorCode | SuccessEvent | undefined): said is ErrorCode {
  return said !== undefined && said in ERROR_STATUS;
}

/** That somebody is refused: on a page of its own, on the page they were on, or in JSON. */
export function assertRefused(answer: Answer, code: Refusal): void {
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
  if (isJson) assert.equal(JSON.parse(answer.text).error, code, answer.text);
  else assert.ok([readHeading(answer), readNotice(answer)].includes(en[`errors.${code}.title`]), readHeading(answer));
  if (code !== 'application_error') assert.equal(answer.status, ERROR_STATUS[code]);
}

function unescapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', '#34': '"', '#39': "'", amp: '&' };
  return text.replaceAll(/&([#\w]+);/g, (entity, name: string) => entities[name] ?? entity);
}
