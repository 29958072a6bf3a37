import { findInPath, installPackage } from './find-program.ts';

/** By the names that distributions and people give it. */
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];

/** Where Chromium is: as CARDEA_TEST_CHROMIUM says, in the PATH, or freshly installed where that is in our power. */
export function findChromium(): string | undefined {
  return process.env.CARDEA_TEST_CHROMIUM || (findInPath(...PROGRAMS) ?? installChromium());
}

function installChromium(): string | undefined {
  return installPackage('chromium', 'the browser tests') ? findInPath(...PROGRAMS) : undefined;
}
