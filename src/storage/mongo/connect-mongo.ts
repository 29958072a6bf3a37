import { type Connection, type ConnectOptions, Mongoose, mongo } from 'mongoose';

const HOST = String.raw`(?:\[[\da-f:.]+\]|[^@/?#:,[\]]+)(?::\d{1,5})?`;
/** Strict, so that no part of a password that was not encoded is taken for a host, which messages show. */
const ADDRESS = new RegExp(
  String.raw`^mongodb(?:\+srv)?://(?:[^@/?#]+@)?(?<hosts>${HOST}(?:,${HOST})*)(?:/(?<database>[^@/?#]*))?(?:\?[^@#]*)?$`,
);
const DEFAULT_DATABASE = 'cardea';
const SELECTION_TIMEOUT_MS = 3000;

/** What is written here, an address cannot change. */
const OPTIONS: ConnectOptions = {
  appName: 'cardea',
  // What is acknowledged is in the journals of a majority: it survives a power cut and the loss of the primary.
  w: 'majority',
  journal: true,
  wtimeoutMS: 2000, // without a majority a write would wait for ever; `maxTimeMS` does not end that wait
  retryWrites: true,
  retryReads: true,
  readPreference: 'primary',
  serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS,
  connectTimeoutMS: 3000,
  socketTimeoutMS: 10_000,
  waitQueueTimeoutMS: 2000,
  heartbeatFrequencyMS: 2000, // a frozen primary is noticed 5 s later at most: this and the time to connect
  maxPoolSize: 50,
  autoIndex: false,
  autoCreate: false,
  bufferCommands: false,
};

const AUTHENTICATION_FAILED: ReadonlySet<unknown> = new Set([18, 8000]); // the second one is Atlas's own
const UNAUTHORIZED = 13;

/**
 * Connects by a connection string; its path names the database, `cardea` without one.
 * Throws an Error of one line that says what is wrong, never with the credentials.
 */
export async function connectMongo(url: string): Promise<Connection> {
  const { database } = readAddress(url);
  // An instance of its own: settings and models of the library's shared one would be everybody's.
  const mongoose = new Mongoose({ strict: 'throw', strictQuery: 'throw', sanitizeFilter: true });
  let connection: Connection | undefined;
  try {
    connection = mongoose.createConnection(url, { ...OPTIONS, dbName: database });
    return await connection.asPromise();
  } catch (error) {
    await connection?.close();
    throw explainMongoError(url, error);
  }
}

/** Why MongoDB cannot be used, in one line. It has no cause: what the driver throws may hold the address, and that the password. */
export function explainMongoError(url: string, error: unknown): Error {
  return new Error(`cannot use MongoDB at ${readAddress(url).hosts}: ${describe(error)}`);
}

function readAddress(url: string): { readonly hosts: string; readonly database: string } {
  const { hosts, database } = ADDRESS.exec(url)?.groups ?? {};
  if (hosts === undefined) {
    throw new Error(
      'the address of MongoDB is not of the form mongodb://name:password@host:port/database; in the name and the password @ : / ? # % are to be percent-encoded',
    );
  }
  return { hosts, database: database || DEFAULT_DATABASE };
}

function describe(error: unknown): string {
  if (error instanceof mongo.MongoParseError) return 'its address has an option, a host or an encoding that is wrong';
  if (error instanceof mongo.MongoServerError && AUTHENTICATION_FAILED.has(error.code)) {
    return 'it refuses the name or the password';
  }
  if (error instanceof mongo.MongoServerError && error.code === UNAUTHORIZED) {
    return 'it wants a name and a password, or gives this name too few rights';
  }
  return describeSelection(error) ?? firstLine(error);
}

/** For an error that says that no server was found: it tells what each of them is known to be. */
function describeSelection(error: unknown): string | undefined {
  const servers = findServers(error);
  if (!servers) return undefined;
  if (servers.some((server) => server.error instanceof mongo.MongoCompatibilityError)) {
    return 'it is older than MongoDB 4.4';
  }
  const seconds = SELECTION_TIMEOUT_MS / 1000;
  if (servers.some((server) => server.type !== 'Unknown')) return `it had no primary for ${seconds} s`;
  const failure = servers.find((server) => server.error)?.error;
  return `it did not answer within ${seconds} s${failure ? ` (${firstLine(failure)})` : ''}`;
}

function findServers(error: unknown): readonly mongo.ServerDescription[] | undefined {
  const reason = error instanceof Error && 'reason' in error ? error.reason : undefined;
  if (typeof reason !== 'object' || reason === null || !('servers' in reason)) return undefined;
  return reason.servers instanceof Map ? [...reason.servers.values()] : undefined;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? '';
}
