import { findInPath, installPackage } from './find-program.ts';

/** Where redis-server is: as CARDEA_TEST_REDIS says, in the PATH, or freshly installed where that is in our power. */
export function findRedisServer(): string | undefined {
  return process.env.CARDEA_TEST_REDIS ?? findInPath('redis-server') ?? installRedis();
}

function installRedis(): string | undefined {
  return installPackage('redis-server', 'the tests with Redis') ? findInPath('redis-server') : undefined;
}
