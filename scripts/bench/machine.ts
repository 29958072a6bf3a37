import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { quantile } from './load.ts';

/** What the figures of a run depend on, in general words. */
export interface Machine {
  readonly cores: number;
  readonly nodeVersion: string;
  /** How long the disk takes to keep 4 KiB for good, in milliseconds: the price of each durable commit. */
  readonly flushMs: number;
}

const FLUSHES = 25;

/** `folder` is on the disk that the database is on. */
export function describeMachine(folder: string): Machine {
  return { cores: availableParallelism(), nodeVersion: process.version, flushMs: measureFlush(folder) };
}

function measureFlush(folder: string): number {
  const path = join(folder, 'flush');
  const file = openSync(path, 'w');
  try {
    const page = Buffer.alloc(4096);
    const times = Array.from({ length: FLUSHES }, () => {
      const startedAt = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      return performance.now() - startedAt;
    });
    return quantile(times, 0.5);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
