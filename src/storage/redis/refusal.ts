import { AppError } from '../../lib/app-error.ts';

/** Error replies that mean "not now" or "not with these settings" rather than a bug; Redis 6 wraps those of scripts in a sentence. */
const NOT_NOW =
  /(?:^|: -)(?:ASK|BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|MISCONF|MOVED|NOAUTH|NOPERM|NOREPLICAS|OOM|READONLY|TRYAGAIN|UNKILLABLE|WRONGPASS) /;

/** `store_unavailable` for whatever keeps Redis from answering; a bug comes back as what it is. */
export function toRefusal(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return error;
  const cause = withoutCommand(error);
  return error.name === 'ReplyError' && !NOT_NOW.test(error.message) ? cause : refuse(cause);
}

export function refuse(cause: Error): AppError {
  return new AppError('store_unavailable', { cause, retryAfterSeconds: 1 });
}

/** Its words only: ioredis hangs the command with all it carries on errors, and that may be a password or a session. */
export function withoutCommand(error: Error): Error {
  return new Error(readMessage(error));
}

function readMessage(error: Error): string {
  if ('lastNodeError' in error && error.lastNodeError instanceof Error) return readMessage(error.lastNodeError);
  return error.message === '' && 'code' in error ? String(error.code) : error.message; // an AggregateError of several addresses has no words
}
