import { setTimeout } from 'node:timers/promises';
import { Connection } from './connection.ts';

/** What is measured: one request, or all those of a sign-in. Throws when an answer is wrong. `lane` numbers the connections from 0. */
export type Operation = (connection: Connection, lane: number) => Promise<void>;

export interface LoadResult {
  readonly perSecond: number;
  /** Of each request, in milliseconds. */
  readonly latencies: readonly number[];
}

export const LANES = 16;

/**
 * Does `count` operations over 16 keep-alive connections: each as soon as the one before it is done or, with `perSecond`, at even
 * distances whatever the server does. Rejects at the first wrong answer.
 */
export async function runLoad(
  port: number,
  operation: Operation,
  { count, perSecond }: { readonly count: number; readonly perSecond?: number },
): Promise<LoadResult> {
  const connections = Array.from({ length: LANES }, () => new Connection(port));
  const startedAt = performance.now();
  let started = 0;
  let failed = false;
  async function runLane(connection: Connection, lane: number): Promise<void> {
    while (started < count && !failed) {
      const dueAt = perSecond === undefined ? undefined : startedAt + (started * 1000) / perSecond;
      started += 1;
      if (dueAt !== undefined) connection.dueAt = await waitUntil(dueAt);
      await operation(connection, lane);
    }
  }
  const lanes = connections.map((connection, lane) =>
    runLane(connection, lane).catch((error) => {
      failed = true;
      throw error;
    }),
  );
  try {
    const outcomes = await Promise.allSettled(lanes);
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure) throw failure.reason;
  } finally {
    for (const connection of connections) connection.close();
  }
  const perSecondReached = (count * 1000) / (performance.now() - startedAt);
  return { perSecond: perSecondReached, latencies: connections.flatMap(({ latencies }) => latencies) };
}

/** Answers the moment from which the server is to blame: a timer of ours that is late is not its fault, a server that kept us busy is. */
async function waitUntil(dueAt: number): Promise<number> {
  const early = dueAt - performance.now();
  if (early <= 0) return dueAt;
  await setTimeout(early);
  return performance.now();
}

/** The value below which a share (0.99) of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
