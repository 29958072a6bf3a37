import type { CeremonyRefused } from '../wire/passkey-answers.ts';

const TIME_LIMIT_MS = 20_000;

/** The server said no, in words for the person. */
export class Refused extends Error {
  readonly answer: CeremonyRefused;
  /** Whether nothing was changed; a server that failed on the way may have done what it was asked. */
  readonly isFinal: boolean;

  constructor(answer: CeremonyRefused, status: number) {
    super(answer.error);
    this.name = 'Refused';
    this.answer = answer;
    this.isFinal = status < 500;
  }
}

/** Posts JSON to our own server. Throws `Refused` for a refusal, anything else when no answer came or none that we understand. */
export async function postJson<Answer>(url: string, body: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
  });
  const answer: unknown = await response.json();
  if (response.ok) return answer as Answer; // our own server, whose shapes are in wire/
  if (isRefusal(answer)) throw new Refused(answer, response.status);
  throw new Error(`status ${response.status}`);
}

function isRefusal(answer: unknown): answer is CeremonyRefused {
  return typeof answer === 'object' && answer !== null && 'message' in answer && typeof answer.message === 'string';
}
