import { race } from './race.ts';

/**
 * Makes `count` requests to a server at once. Their connections are opened before: else each request would arrive alone, and nothing
 * would race.
 */
export async function raceRequests<Result>(
  issuer: string,
  count: number,
  call: (index: number) => Promise<Result>,
): Promise<Result[]> {
  await race(count, async () => (await fetch(`${issuer}/health/live`)).text());
  return race(count, call);
}
