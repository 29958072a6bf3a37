import { findInPath, installPackage } from './find-program.ts';

/** By the names that distributions and people give it; the first is Chromium without its windows, with half the processor time for the same. */
const PROGRAMS = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** Where Chromium is: as CARDEA_TEST_CHROMIUM says, in the PATH, or freshly installed where that is in our power. */
export function findChromium(): string | undefined {
  return process.env.CARDEA_TEST_CHROMIUM || (findInPath(...PROGRAMS) ?? installChromium());
}

function installChromium(): string | undefined {
  const isInstalled = ['chromium-headless-shell', 'chromium'].some((name) => installPackage(name, 'the browser tests'));
  return isInstalled ? findInPath(...PROGRAMS) : undefined;
}
