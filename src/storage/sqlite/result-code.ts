/** SQLite's primary result codes (https://sqlite.org/rescode.html) that mean "not now" rather than a bug. */
export const RESULT = { busy: 5, locked: 6, noMemory: 7, readOnly: 8, ioError: 10, full: 13, cannotOpen: 14 } as const;

/** The primary result code of an error that SQLite gave; undefined for any other error. */
export function findResultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
}
