import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cardeaEnvironment, startCardea } from './cardea.ts';
import { quantile } from './load.ts';
import { findFreePort } from './server-process.ts';

/** From the start of the process to the first 200 of discovery, in milliseconds. */
export interface Startup {
  /** With an empty data folder: the database and the signing keys are made. */
  readonly firstMs: number;
  readonly laterMs: number;
}

/** The medians of several starts. */
export async function measureStartup(parent: string, times: number): Promise<Startup> {
  const first: number[] = [];
  const later: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const folder = mkdtempSync(join(parent, 'start-'));
    const environment = cardeaEnvironment(folder, await findFreePort());
    first.push(await startOnce(environment));
    later.push(await startOnce(environment));
    rmSync(folder, { recursive: true });
  }
  return { firstMs: quantile(first, 0.5), laterMs: quantile(later, 0.5) };
}

async function startOnce(environment: Readonly<Record<string, string>>): Promise<number> {
  await using server = await startCardea(environment);
  return server.startMs;
}
