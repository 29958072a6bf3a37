export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

interface Credentials {
  /** Absent: the user `default`. */
  readonly username?: string | undefined;
  readonly password: string;
}

/** Where Redis is and who we are there. With TLS the certificates are always verified. */
export type RedisAddress = {
  readonly tls: boolean;
  readonly credentials?: Credentials | undefined;
} & (
  | { readonly type: 'single'; readonly node: RedisNode; readonly database: number }
  | {
      readonly type: 'sentinel';
      readonly sentinels: readonly RedisNode[];
      /** By what name the sentinels know the primary. */
      readonly primaryName: string;
      readonly database: number;
      /** For the sentinels themselves, where they ask. */
      readonly sentinelCredentials?: Credentials | undefined;
    }
  | { readonly type: 'cluster'; readonly nodes: readonly RedisNode[] }
);

const FORMS = [
  'the address of Redis is redis://[[user]:password@]host[:port][/database]',
  'or redis+sentinel://[[user]:password@]host[:port][,...]/name-of-the-primary[/database][?sentinel=[user]:password]',
  'or redis+cluster://[[user]:password@]host[:port][,...]; with TLS each begins with rediss',
].join(', ');
const FORM = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^@?#]*))?(?:\?([^@#]*))?$/;
const HOST_AND_PORT = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i;
const DATABASE = /^\d{1,5}$/;
const REDIS_PORT = 6379;
const SENTINEL_PORT = 26379;

/** Reads the address of Redis. Throws an Error in plain words that never repeats the text, since it may hold a password. */
export function parseRedisAddress(url: string): RedisAddress {
  const [, scheme, type = 'single', credentials, hosts = '', path = '', query] = FORM.exec(url) ?? refuse();
  const access = { tls: scheme === 'rediss', credentials: parseCredentials(credentials) };
  if (type === 'sentinel') return { ...access, type, ...parseSentinel(hosts, path, query) };
  if (query !== undefined) refuse('it has a query');
  const nodes = parseNodes(hosts, REDIS_PORT);
  if (type === 'cluster') {
    if (path !== '') refuse('a Redis Cluster has one database only');
    return { ...access, type, nodes };
  }
  const [node = refuse(), ...more] = nodes;
  if (more.length > 0) refuse('several hosts need redis+sentinel:// or redis+cluster://');
  return { ...access, type: 'single', node, database: parseDatabase(path) };
}

/** The hosts and ports, without what is secret. */
export function describeRedisAddress(address: RedisAddress): string {
  const nodes = address.type === 'single' ? [address.node] : listNodes(address);
  return nodes.map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)).join(', ');
}

function listNodes(address: Exclude<RedisAddress, { type: 'single' }>): readonly RedisNode[] {
  return address.type === 'cluster' ? address.nodes : address.sentinels;
}

function parseSentinel(hosts: string, path: string, query = '') {
  const [name = '', database = '', ...rest] = path.split('/');
  if (name === '' || rest.length > 0) refuse('the name of the primary comes after the sentinels');
  if (query !== '' && !query.startsWith('sentinel=')) refuse('its query has more than "sentinel"');
  return {
    sentinels: parseNodes(hosts, SENTINEL_PORT),
    primaryName: decode(name),
    database: parseDatabase(database),
    sentinelCredentials: parseCredentials(query === '' ? undefined : query.slice('sentinel='.length)),
  };
}

function parseNodes(hosts: string, defaultPort: number): readonly RedisNode[] {
  return hosts.split(',').map((text) => {
    const [, ipv6, name, digits] = HOST_AND_PORT.exec(text) ?? refuse('a host or a port is not one');
    const port = digits === undefined ? defaultPort : Number(digits);
    if (port < 1 || port > 65535) refuse('a port is between 1 and 65535');
    return { host: ipv6 ?? name ?? refuse(), port };
  });
}

function parseCredentials(text: string | undefined): Credentials | undefined {
  if (text === undefined) return undefined;
  const [user = '', password = '', ...rest] = text.split(':').map(decode);
  if (password === '' || rest.length > 0) {
    refuse('credentials are user:password or :password, with characters like @ : / percent-encoded');
  }
  return { password, ...(user !== '' && { username: user }) };
}

function parseDatabase(text: string): number {
  if (text !== '' && !DATABASE.test(text)) refuse('a database is a number');
  return Number(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse('it is not percent-encoded correctly');
  }
}

function refuse(reason?: string): never {
  throw new Error(reason === undefined ? FORMS : `${reason}: ${FORMS}`);
}
