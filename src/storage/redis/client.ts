import type { Socket } from 'node:net';
import { Cluster, Redis } from 'ioredis';
import type { Ids } from '../../lib/ids.ts';
import type { RedisAddress } from './redis-address.ts';
import { SCRIPTS } from './scripts.ts';

export type RedisClient = Redis | Cluster;

const MAX_BACKOFF_MS = 1000;
/** How soon a client of a Cluster hears that another node took over from one that is frozen, and so never says so. */
const SLOTS_REFRESH_MS = 2000;

/**
 * The settings that make a call fail in under a second rather than wait, and never run twice: no command is kept for later or sent anew.
 * A timed-out one may still have been executed; whoever asks for it again does so knowingly.
 */
const STRICT = {
  connectTimeout: 1000,
  commandTimeout: 800,
  /** Of a connection that says nothing while it should: it is given up, else a half-open one would last for many minutes. */
  socketTimeout: 1000,
  disconnectTimeout: 500,
  maxLoadingRetryTime: 1000,
  maxRetriesPerRequest: 0, // commands under way are refused when the connection is lost, not when they time out
  autoResendUnfulfilledCommands: false,
  connectionName: 'cardea',
  disableClientInfo: true,
  /** A primary that became a replica: look for the new one. The command is not sent again. */
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} as const;

/** Makes a client that connects when it is told to. */
export function createRedisClient(address: RedisAddress, ids: Ids): RedisClient {
  const retryStrategy = (times: number) => backOff(times, ids);
  const tls = address.tls ? { tls: {} } : {};
  const shared = { ...STRICT, ...tls, ...address.credentials };
  if (address.type === 'cluster') return createCluster(address, shared, retryStrategy);

  const { database: db } = address;
  const client = new Redis({
    ...shared,
    ...(address.type === 'single' ? address.node : toSentinelOptions(address)),
    db,
    retryStrategy,
    enableOfflineQueue: false,
    lazyConnect: true,
    scripts: SCRIPTS,
  });
  client.on('connect', () => joinWrites(client.stream));
  return client;
}

function toSentinelOptions(address: RedisAddress & { readonly type: 'sentinel' }) {
  const { sentinels, primaryName, sentinelCredentials, tls } = address;
  return {
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    name: primaryName,
    sentinelCommandTimeout: STRICT.commandTimeout,
    ...(sentinelCredentials && {
      sentinelPassword: sentinelCredentials.password,
      ...(sentinelCredentials.username !== undefined && { sentinelUsername: sentinelCredentials.username }),
    }),
    ...(tls && { sentinelTLS: {}, enableTLSForSentinelMode: true }),
  };
}

function createCluster(
  { nodes }: RedisAddress & { readonly type: 'cluster' },
  redisOptions: typeof STRICT,
  clusterRetryStrategy: (times: number) => number,
): Cluster {
  const cluster = new Cluster(
    nodes.map(({ host, port }) => ({ host, port })),
    {
      redisOptions,
      clusterRetryStrategy,
      scaleReads: 'master',
      slotsRefreshTimeout: STRICT.connectTimeout,
      slotsRefreshInterval: SLOTS_REFRESH_MS,
      maxRedirections: 5,
      // Either would send again what may have been executed already.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      // Names stay names, as certificates have them; connecting looks them up.
      dnsLookup: (name, callback) => callback(null, name),
      lazyConnect: true,
      scripts: SCRIPTS,
    },
  );
  // The queue of the Cluster itself stays on, since without it commands are refused while a new node is being connected to. It holds
  // nothing for long: `RedisConnection` calls a ready Cluster only, and the time limit of a command runs from its first sending.
  cluster.on('+node', (node: Redis) => node.on('connect', () => joinWrites(node.stream)));
  return cluster;
}

/** Milliseconds until attempt number `times`: doubling, and spread, so that many processes do not come back as one. */
function backOff(times: number, ids: Ids): number {
  const [random = 0] = ids.newBytes(1);
  const base = Math.min(50 * 2 ** Math.min(times, 10), MAX_BACKOFF_MS);
  return base + Math.round((base * random) / 255);
}

/**
 * Makes one write of all commands of one turn of the event loop. It halves what a command costs with 16 at once and costs nothing with
 * one, while the pipelining of ioredis saves little and lets errors of a moved slot through in a Cluster.
 */
function joinWrites(socket: Socket): void {
  const write = socket.write;
  socket.write = (...args: unknown[]) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(() => socket.uncork());
    }
    return Reflect.apply(write, socket, args);
  };
}
