import { findInPath, installPackage } from './find-program.ts';

/** Where nginx is: as CARDEA_TEST_NGINX says, in the PATH, or freshly installed where that is in our power. */
export function findNginx(): string | undefined {
  return process.env.CARDEA_TEST_NGINX ?? findInPath('nginx') ?? installNginx();
}

function installNginx(): string | undefined {
  return installPackage('nginx-light', 'the tests with a proxy') ? findInPath('nginx') : undefined;
}
