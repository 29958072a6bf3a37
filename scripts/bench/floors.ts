import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { findFreePort, ServerProcess } from './server-process.ts';
import { type BenchClient, type IdTokenAlgorithm, REDIRECT_URI, type Target } from './target.ts';

const ALGORITHMS: readonly IdTokenAlgorithm[] = ['ES256', 'RS256'];

/** Starts the bare oidc-provider with clients like Cardea's. */
export async function startBareProvider(): Promise<Target> {
  const port = await findFreePort();
  const clients = ALGORITHMS.map((algorithm) => ({
    algorithm,
    id: randomBytes(16).toString('base64url'),
    secret: randomBytes(32).toString('base64url'),
  }));
  const metadata = clients.map(({ algorithm, id, secret }) => ({
    client_id: id,
    client_secret: secret,
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    scope: 'openid profile email offline_access',
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: algorithm,
  }));
  const server = await ServerProcess.start({
    script: join(import.meta.dirname, 'bare-provider.ts'),
    port,
    host: `localhost:${port}`,
    readyPath: '/.well-known/openid-configuration',
    environment: { BENCH_PORT: String(port), BENCH_CLIENTS: JSON.stringify(metadata) },
  });
  const find = (wanted: IdTokenAlgorithm): BenchClient => {
    const { id = '', secret = '' } = clients.find(({ algorithm }) => algorithm === wanted) ?? {};
    return { id, secret };
  };
  return {
    name: 'bare',
    server,
    origin: `http://localhost:${port}`,
    clients: { ES256: find('ES256'), RS256: find('RS256') },
    answer: () => ({}),
  };
}

/** Starts Koa with one answer. */
export async function startKoaHello(): Promise<ServerProcess> {
  const port = await findFreePort();
  const script = join(import.meta.dirname, 'koa-hello.ts');
  const environment = { BENCH_PORT: String(port) };
  return ServerProcess.start({ script, port, host: `localhost:${port}`, readyPath: '/', environment });
}
