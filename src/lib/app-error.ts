import { ERROR_STATUS, type ErrorCode } from './error-codes.ts';

interface Details {
  readonly cause?: unknown;
  /** Which field of the input is at fault. */
  readonly field?: string;
  /** Which of several sentences of the code applies; a fixed word, never input. */
  readonly reason?: string;
  readonly retryAfterSeconds?: number;
}

/** A refusal that a person or a program is told about. Anything else that is thrown is a bug and answers 500. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly field: string | undefined;
  readonly reason: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, details: Details = {}) {
    super(code, { cause: details.cause });
    this.name = 'AppError';
    this.code = code;
    this.status = ERROR_STATUS[code];
    this.field = details.field;
    this.reason = details.reason;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** What is told of whatever was thrown: a refusal as it is, and of anything else only that it was unexpected. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  return new AppError(thrown instanceof URIError ? 'malformed_request' : 'unexpected', { cause: thrown });
}
