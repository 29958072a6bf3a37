import { buildRequest } from './connection.ts';
import { type LoadResult, type Operation, quantile, runLoad } from './load.ts';
import type { Measure } from './measures.ts';
import type { ServerProcess } from './server-process.ts';
import { type Target, WrongAnswer } from './target.ts';

/** How long a run may take. */
export interface Effort {
  readonly rounds: number;
  /** Factor on the operations of each round. */
  readonly scale: number;
}

interface Round extends LoadResult {
  /** Processor time of the server for one operation. */
  readonly cpuMicros: number;
}

/** What was found of one measure, with `bare` beside it. */
export interface Comparison {
  readonly cpuMicros: number;
  readonly bareCpuMicros: number;
  readonly perSecond: number;
  /** Of the single requests, in milliseconds, at 60 % of what the server can do. */
  readonly p99Ms: number;
}

/** The share of its capacity at which a server is expected to answer quickly. */
const QUIET_SHARE = 0.6;
const QUIET_ROUNDS = 2;
const FLOOR_COUNT = 20_000;

/** Turns between the two servers, so that whatever else the machine does meets both; the best round of each counts. */
export async function compare(
  measure: Measure,
  { cardea, bare }: { readonly cardea: Target; readonly bare: Target },
  { rounds, scale }: Effort,
): Promise<Comparison> {
  const count = Math.ceil(measure.count * scale);
  const own: Round[] = [];
  const floor: Round[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const bareRound = await runPrepared(bare, measure, { count });
    const ownRound = await runPrepared(cardea, measure, { count });
    if (round === 0) continue; // only to warm up
    floor.push(bareRound);
    own.push(ownRound);
  }
  const perSecond = Math.max(...own.map((round) => round.perSecond));
  const p99s: number[] = [];
  for (let round = 0; round < QUIET_ROUNDS; round += 1) {
    const quiet = await runPrepared(cardea, measure, { count, perSecond: perSecond * QUIET_SHARE });
    p99s.push(quantile(quiet.latencies, 0.99));
  }
  return {
    cpuMicros: findLeastCpu(own),
    bareCpuMicros: findLeastCpu(floor),
    perSecond,
    p99Ms: Math.min(...p99s),
  };
}

async function runPrepared(
  target: Target,
  measure: Measure,
  load: { readonly count: number; readonly perSecond?: number },
): Promise<Round> {
  return runRound(target.server, await measure.prepare(target, load.count), load);
}

/** One round and what it cost the server. */
async function runRound(
  server: ServerProcess,
  operation: Operation,
  load: { readonly count: number; readonly perSecond?: number },
): Promise<Round> {
  const before = server.cpuMicros();
  const result = await runLoad(server.port, operation, load);
  return { ...result, cpuMicros: (server.cpuMicros() - before) / load.count };
}

function findLeastCpu(rounds: readonly Round[]): number {
  return Math.min(...rounds.map(({ cpuMicros }) => cpuMicros));
}

/** The least processor time that one plain GET of a server costs, in microseconds. */
export async function measureFloor(
  server: ServerProcess,
  { host, path }: { readonly host: string; readonly path: string },
  { rounds, scale }: Effort,
): Promise<number> {
  const request = buildRequest({ method: 'GET', path, host });
  const floor: Round[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const get: Operation = async (connection) => {
      const answer = await connection.send(request);
      if (answer.status !== 200) throw new WrongAnswer('200', answer);
    };
    floor.push(await runRound(server, get, { count: Math.ceil(FLOOR_COUNT * scale) }));
  }
  return findLeastCpu(floor.slice(1)); // the first one only warms up
}
