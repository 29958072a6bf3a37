import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { loadConfig } from '../../config/load.ts';
import { type App, openApp } from '../../src/app.ts';
import { changePolicy } from './app.ts';
import { makeCertificate, trustCertificate } from './certificate.ts';
import { Front } from './front.ts';
import type { TestServer } from './mongodb.ts';
import { RawClient } from './raw-client.ts';
import { type RedisAddressee, RedisServer } from './redis.ts';
import { requireValue } from './require-value.ts';
import { type Environment, ServerProcess } from './server-process.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { makeTempFolder } from './temp-folder.ts';

export interface InstallationOptions {
  /** Settings of its redis-server. */
  readonly redis?: readonly string[];
  /** In place of a redis-server of its own, without a network in between. */
  readonly cluster?: RedisAddressee;
  /** The address of a database in place of one of its own, without a network in between. */
  readonly mongodbUrl?: string;
  /** Of its servers, beside what makes them an installation. */
  readonly environment?: Environment;
  /** With https, a load balancer's time to notice that a server ends, and no leniency. */
  readonly production?: boolean;
}

/** A store, and the network between it and the servers. */
interface Place {
  /** How the operator gets there. */
  readonly direct: string;
  /** How the servers do. */
  readonly through: string;
  readonly network?: TcpProxy;
  readonly server?: RedisServer;
}

interface Parts {
  readonly t: TestContext;
  readonly front: Front;
  readonly environment: Environment;
  readonly mongo: Place;
  readonly redis: Place;
  readonly operator: App;
}

const PLENTY = '1000000';

/** One installation on a MongoDB and a Redis, whose servers stand behind a load balancer, and its networks, which a test may break. */
export class Installation {
  /** All of it, opened in this process by ways that stay good: what its operator does and sees. */
  readonly operator: App;
  /** What each of its servers is given. */
  readonly environment: Environment;
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.operator = parts.operator;
    this.environment = parts.environment;
  }

  /** Opens one that nobody serves yet, in a new database of a server; it goes with the test. */
  static async open(t: TestContext, mongod: TestServer, options: InstallationOptions = {}): Promise<Installation> {
    const { production = false, mongodbUrl } = options;
    const certificate = production ? makeCertificate(t) : undefined;
    if (certificate) trustCertificate(t, certificate);
    const front = await Front.start(t, { certificate });
    const mongo = mongodbUrl ? { direct: mongodbUrl, through: mongodbUrl } : await placeMongo(t, mongod);
    const redis = await placeRedis(t, options);
    const own = { ...describe(production, front), CARDEA_DATA_DIR: makeTempFolder(t) };

    const { config, secrets } = loadConfig({
      ...own,
      CARDEA_MONGODB_URL: mongo.direct,
      CARDEA_REDIS_URL: redis.direct,
      CARDEA_LOG_LEVEL: 'silent',
    });
    const operator = await openApp(config, secrets);
    t.after(() => operator[Symbol.asyncDispose]());
    await changePolicy(operator, { signUp: 'unverified', enrolPasskey: 'manual' });
    const stores = { CARDEA_MONGODB_URL: mongo.through, CARDEA_REDIS_URL: redis.through };
    return new Installation({
      t,
      front,
      environment: { ...own, ...options.environment, ...stores },
      mongo,
      redis,
      operator,
    });
  }

  get issuer(): string {
    return this.operator.issuer;
  }

  /** Between the servers and MongoDB. */
  get mongo(): TcpProxy {
    return requireValue(this.#parts.mongo.network);
  }

  /** Between the servers and Redis. */
  get redis(): TcpProxy {
    return requireValue(this.#parts.redis.network);
  }

  get redisServer(): RedisServer {
    return requireValue(this.#parts.redis.server);
  }

  /** Starts one more server and puts it behind the load balancer. */
  async startServer(): Promise<ServerProcess> {
    const { t, front } = this.#parts;
    const server = await ServerProcess.start(t, this.environment);
    front.ports.add(Number(server.environment.CARDEA_PORT));
    return server;
  }

  registerClient(fields: Readonly<Record<string, unknown>> = {}): Promise<RawClient> {
    return RawClient.register({ app: this.operator, issuer: this.issuer }, fields);
  }
}

async function placeMongo(t: TestContext, mongod: TestServer): Promise<Place> {
  const { url: direct } = mongod.addDatabase(t);
  const url = new URL(direct);
  const network = await TcpProxy.start(t, { host: url.hostname, port: Number(url.port || 27_017) });
  url.host = `127.0.0.1:${network.port}`;
  url.searchParams.set('directConnection', 'true'); // else the driver goes to wherever the server says that it is
  return { direct, through: url.href, network };
}

async function placeRedis(t: TestContext, { cluster, redis: args = [] }: InstallationOptions): Promise<Place> {
  if (cluster) return { direct: cluster.url, through: cluster.url };
  const server = await RedisServer.start(t, { args });
  const network = await TcpProxy.start(t, { host: '127.0.0.1', port: server.port });
  return { direct: server.url, through: `redis://127.0.0.1:${network.port}`, network, server };
}

function describe(production: boolean, { port }: Front): Environment {
  const limits = ['TOKEN', 'SOURCE', 'PASSKEY', 'PAGES'].map((name) => [`CARDEA_LIMIT_${name}`, PLENTY]);
  return {
    CARDEA_ENV: production ? 'production' : 'development',
    CARDEA_ISSUER: `${production ? 'https' : 'http'}://localhost:${port}`,
    CARDEA_DEMO: 'off',
    CARDEA_HASH_MEMORY_KIB: '19456',
    CARDEA_HASH_PASSES: '2',
    // Every server of an installation has the same.
    CARDEA_SEALING_KEY: randomBytes(32).toString('base64'),
    CARDEA_COOKIE_KEYS: randomBytes(32).toString('base64url'),
    CARDEA_SMTP_URL: 'smtp://127.0.0.1:9', // nobody there: mails stay in the outbox
    ...Object.fromEntries(limits),
  };
}
