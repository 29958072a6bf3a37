import { startCardea } from './cardea.ts';
import { quantile } from './load.ts';

/** From the start of the process to the first 200 of discovery, in milliseconds. */
export interface Startup {
  /** With an empty store: its tables or indexes and the signing keys are made. */
  readonly firstMs: number;
  readonly laterMs: number;
}

/** The medians of several starts; each pair is given settings that name an empty store. */
export async function measureStartup(
  makeEnvironment: () => Promise<Readonly<Record<string, string>>>,
  times: number,
): Promise<Startup> {
  const first: number[] = [];
  const later: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const environment = await makeEnvironment();
    first.push(await startOnce(environment));
    later.push(await startOnce(environment));
  }
  return { firstMs: quantile(first, 0.5), laterMs: quantile(later, 0.5) };
}

async function startOnce(environment: Readonly<Record<string, string>>): Promise<number> {
  await using server = await startCardea(environment);
  return server.startMs;
}
