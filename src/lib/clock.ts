/** The only source of the time of day; tests pass one that they move by hand. */
export interface Clock {
  /** The present moment, to the millisecond. */
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** The moment `seconds` after `moment`; negative seconds go back. */
export function addSeconds(moment: Date, seconds: number): Date {
  return new Date(moment.getTime() + seconds * 1000);
}
