const FIRST_PAUSE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 900;

/**
 * Seconds to wait after a failed attempt: twice as long each time from 5 s up to 15 min, less up to a half of it, so that what failed
 * together does not come back together. `chance` is at least 0 and less than 1.
 */
export function findRetryPause(attempt: number, chance: number): number {
  const pause = Math.min(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS);
  return pause * (1 - chance / 2);
}
