import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantile } from '../../scripts/bench/load.ts';
import { type Findings, renderDocument, renderTables, type SetupFindings, toJson } from '../../scripts/bench/report.ts';
import type { Comparison } from '../../scripts/bench/rounds.ts';
import { RATIO_GOALS } from '../../scripts/bench/targets.ts';

/** What a run found that looked at one setup, the embedded store unless told otherwise. */
function find(findings: Partial<SetupFindings>): Findings {
  const setup = { store: 'embedded', workers: 1 } as const;
  const memory = { idle: 100, loaded: 200 };
  return {
    machine: { cores: 2, nodeVersion: 'v24.0.0', flushMs: 1.25 },
    koaHelloCpuMicros: 15,
    setups: [{ setup, comparisons: new Map(), voided: new Map(), memory, ...findings }],
  };
}

function compareAt(ratio: number): Comparison {
  return { cpuMicros: 100 * ratio, bareCpuMicros: 100, perSecond: 1234.4, p99Ms: 5 };
}

test('the figures for programs name store, workers and the ratio to the bare provider', () => {
  const json = toJson(find({ comparisons: new Map([['refresh', compareAt(1.25)]]) }));
  assert.partialDeepStrictEqual(json, {
    setups: [
      {
        rows: [
          {
            measure: 'refresh',
            store: 'embedded',
            workers: 1,
            cpuMicrosPerRequest: 125,
            ratioToBare: 1.25,
            requestsPerSecond: 1234,
            p99Ms: 5,
          },
        ],
      },
    ],
  });
});

test('a measure is explained exactly when it misses its first goal', () => {
  const { first, description } = RATIO_GOALS.refresh;
  const render = (ratio: number) => renderDocument(find({ comparisons: new Map([['refresh', compareAt(ratio)]]) }));
  assert.match(render(first + 0.01), new RegExp(`What misses its goal[^]*${description}`));
  assert.doesNotMatch(render(first), /What misses its goal/);
});

test('servers have goals of their own, and what explains the embedded store does not explain them', () => {
  const setup = { store: 'servers', workers: 2 } as const;
  const document = renderDocument(find({ setup, comparisons: new Map([['passkey_sign_in', compareAt(2.3)]]) }));
  assert.match(document, /2\.30 *\| 2\.2 → 1\.6 *\| missed/);
  assert.match(
    document,
    /2 processes, MongoDB and Redis, \*\*whole passkey sign-in and its tokens\*\*: a call of MongoDB/,
  );
  assert.doesNotMatch(document, /SQLite/);
});

test('a run without servers says so', () => {
  assert.match(renderTables(find({})), /not run/);
});

test('a wrong answer leaves a measure without figures', () => {
  const findings = find({ voided: new Map([['userinfo', 'expected 200']]) });
  assert.match(renderTables(findings), /userinfo *\| void: expected 200/);
  assert.partialDeepStrictEqual(toJson(findings), { setups: [{ rows: [], voided: { userinfo: 'expected 200' } }] });
});

test('a quantile is a value that was measured, whatever the order', () => {
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([5], 0.99), 5);
  assert.equal(
    quantile(
      Array.from({ length: 1000 }, (_, index) => 1000 - index),
      0.99,
    ),
    991,
  );
});
