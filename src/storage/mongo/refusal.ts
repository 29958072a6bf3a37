import { mongo } from 'mongoose';
import { AppError } from '../../lib/app-error.ts';

const DUPLICATE_KEY = 11000;

/** Codes by which a server says "not now" rather than that the command is wrong. */
const UNAVAILABLE: ReadonlySet<unknown> = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  13, // Unauthorized: rights that were taken away while we run
  18, // AuthenticationFailed: of a new connection
  24, // LockTimeout
  46, // LockBusy
  50, // MaxTimeMSExpired
  64, // WriteConcernTimeout
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern
  112, // WriteConflict
  133, // FailedToSatisfyReadPreference
  134, // ReadConcernMajorityNotAvailableYet
  189, // PrimarySteppedDown
  202, // NetworkInterfaceExceededTimeLimit
  262, // ExceededTimeLimit
  8000, // AtlasError
  9001, // SocketException
  10058, // LegacyNotPrimary
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11602, // InterruptedDueToReplStateChange
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
  14031, // OutOfDiskSpace
]);

/** Whether a unique index refused a write. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;
}

/** `store_unavailable` for what means that MongoDB cannot answer now; any other error, which is a bug, as it is. */
export function toRefusal(error: unknown): unknown {
  return isUnavailability(error) ? refuse(error) : error;
}

export function refuse(cause: unknown): AppError {
  return new AppError('store_unavailable', { cause, retryAfterSeconds: 1 });
}

function isUnavailability(error: unknown): boolean {
  if (error instanceof mongo.MongoWriteConcernError) return true; // done, but not by a majority: not to be relied upon
  if (error instanceof mongo.MongoServerError) {
    return UNAVAILABLE.has(error.code) || error.hasErrorLabel('RetryableWriteError');
  }
  if (error instanceof mongo.MongoServerClosedError || error instanceof mongo.MongoCompatibilityError) return true;
  if (error instanceof Error && 'syscall' in error) return true; // of a socket: the driver hands it on as it is
  return error instanceof mongo.MongoError && !(error instanceof mongo.MongoAPIError);
}
