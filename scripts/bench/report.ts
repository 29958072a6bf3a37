import type { ServerFacts } from './database-servers.ts';
import type { Machine } from './machine.ts';
import type { MeasureName } from './measures.ts';
import type { Comparison } from './rounds.ts';
import { describeSetup, type Setup } from './setups.ts';
import type { Startup } from './startup.ts';
import {
  findGoal,
  type Goal,
  IDLE_MEMORY_GOAL,
  LOADED_MEMORY_GOAL,
  P99_GOAL,
  RATIO_GOALS,
  START_GOAL,
} from './targets.ts';

/** What was found of one setup. */
export interface SetupFindings {
  readonly setup: Setup;
  readonly comparisons: ReadonlyMap<MeasureName, Comparison>;
  /** Measures with a wrong answer, and what it was. */
  readonly voided: ReadonlyMap<MeasureName, string>;
  /** Absent in a run of single measures. */
  readonly startup?: Startup | undefined;
  /** Of the largest server process, in megabytes: before any load, and the most it ever held. */
  readonly memory: { readonly idle: number; readonly loaded: number };
}

/** All that a run found. */
export interface Findings {
  readonly machine: Machine;
  readonly koaHelloCpuMicros: number;
  /** Absent where there were none: then the setups that need them were not run. */
  readonly servers?: ServerFacts | undefined;
  readonly setups: readonly SetupFindings[];
}

/** The figures for programs. */
export function toJson({ machine, koaHelloCpuMicros, servers, setups }: Findings): unknown {
  return { machine, servers, koaHelloCpuMicros: round(koaHelloCpuMicros, 1), setups: setups.map(toSetupJson) };
}

function toSetupJson({ setup, comparisons, voided, startup, memory }: SetupFindings): unknown {
  const rows = [...comparisons].map(([measure, comparison]) => ({
    measure,
    ...setup,
    cpuMicrosPerRequest: round(comparison.cpuMicros, 1),
    ratioToBare: round(comparison.cpuMicros / comparison.bareCpuMicros, 3),
    requestsPerSecond: Math.round(comparison.perSecond),
    p99Ms: round(comparison.p99Ms, 2),
  }));
  return {
    ...setup,
    rows,
    voided: Object.fromEntries(voided),
    startupMs: startup && { first: Math.round(startup.firstMs), later: Math.round(startup.laterMs) },
    memoryMb: { idle: Math.round(memory.idle), loaded: Math.round(memory.loaded) },
  };
}

/** The figures for people, as Markdown. */
export function renderTables({ setups, servers }: Findings): string {
  const tables = setups.map((findings) => `### ${describeSetup(findings.setup)}\n\n${renderSetup(findings)}`);
  const notRun = servers
    ? []
    : ['With MongoDB and Redis: **not run**, for want of a MongoDB in CARDEA_TEST_MONGODB_URL.\n'];
  return [...tables, ...notRun].join('\n');
}

function renderSetup(findings: SetupFindings): string {
  const { setup, comparisons, voided } = findings;
  const head = ['', 'CPU µs', 'bare µs', 'ratio', 'goal', '', 'a second', 'p99 ms'];
  const rows = [...comparisons].map(([measure, comparison]) => describeComparison(setup, measure, comparison));
  const voidedRows = [...voided].map(([measure, why]) => [RATIO_GOALS[measure].description, `void: ${why}`]);
  const process = listProcessFigures(findings).map(({ description, value, unit, goal }) => {
    return [description, `${Math.round(value)} ${unit}`, describeGoal(goal), judge(value, goal)];
  });
  return `${renderTable(head, [...rows, ...voidedRows])}\n\n${renderTable(['', '', 'goal', ''], process)}\n`;
}

function describeComparison(setup: Setup, measure: MeasureName, comparison: Comparison): readonly string[] {
  const { cpuMicros, bareCpuMicros, perSecond, p99Ms } = comparison;
  const goal = findGoal(RATIO_GOALS[measure], setup);
  const ratio = cpuMicros / bareCpuMicros;
  return [
    RATIO_GOALS[measure].description,
    Math.round(cpuMicros).toString(),
    Math.round(bareCpuMicros).toString(),
    ratio.toFixed(2),
    describeGoal(goal),
    judge(ratio, goal),
    Math.round(perSecond).toString(),
    p99Ms.toFixed(1),
  ];
}

interface ProcessFigure {
  readonly description: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: Goal;
}

/** Figures of the whole process rather than of one kind of request. */
function listProcessFigures({ setup, startup, memory, comparisons }: SetupFindings): readonly ProcessFigure[] {
  const slowest = Math.max(0, ...[...comparisons.values()].map(({ p99Ms }) => p99Ms));
  const figures = [
    { description: 'first start, to the first answer', value: startup?.firstMs, unit: 'ms', goal: START_GOAL },
    { description: 'later start', value: startup?.laterMs, unit: 'ms', goal: START_GOAL },
    { description: 'memory of a process before load', value: memory.idle, unit: 'MB', goal: IDLE_MEMORY_GOAL },
    { description: 'most memory of a process', value: memory.loaded, unit: 'MB', goal: LOADED_MEMORY_GOAL },
    { description: 'greatest p99', value: slowest, unit: 'ms', goal: P99_GOAL },
  ];
  return figures.flatMap(({ value, goal, ...figure }) =>
    value === undefined ? [] : [{ ...figure, goal: findGoal(goal, setup), value }],
  );
}

function describeServers({ servers }: Findings): string {
  if (!servers) return '';
  const { redisVersion, mongodbStorageEngine: engine } = servers;
  const mongodb = engine
    ? `a MongoDB with the storage engine ${engine}`
    : "a server that speaks MongoDB's protocol and names no storage engine: rates and times with it say nothing of MongoDB's";
  return `\nWith servers: Redis ${redisVersion}, which keeps a log of what it writes, and ${mongodb}. Both share the cores with Cardea and the load.`;
}

function describeGoal({ first, wanted }: Goal): string {
  return `${first} → ${wanted}`;
}

/** A first goal can be missed or met; beyond it lies where the figure is meant to end. */
function judge(value: number, { first, wanted }: Goal): 'missed' | 'met' | 'reached' {
  if (value > first) return 'missed';
  return value > wanted ? 'met' : 'reached';
}

/** The whole document. */
export function renderDocument(findings: Findings): string {
  const { machine, koaHelloCpuMicros } = findings;
  const reasons = listReasons(findings);
  return `# Performance

\`npm run bench\` writes this page. It runs on Linux, takes ten minutes, and asks for a quiet machine; \`-- --quick\` gives a first
impression, \`-- --measure refresh\` one row, \`-- --store embedded\` one store, \`-- --json FILE\` the figures for programs, \`-- --profile FOLDER\` a CPU profile of the server.

**What is compared.** The server (\`src/main.ts\`, settings for production; each way to run it has a table) and, in a process beside it, a bare
\`oidc-provider\`: the same protocol, clients, scopes, lifetimes, key algorithms and features, its records in a plain map in memory, clients among
them, and a login that answers the same requests and asks nothing. It is the floor of what the library costs. The floor of the framework is a
Koa application with one answer: ${Math.round(koaHelloCpuMicros)} µs.

**How.** 16 keep-alive connections from one process without TLS, as behind a proxy; a round to warm up, then rounds of the two servers in turn.
*CPU µs* is the processor time of the server's processes, their own and the system's, without that of MongoDB and Redis, for one request, in the best of its rounds; requests a second
depend on who else is on the machine. Each answer is checked, and one wrong answer voids the row. *p99* is that of single requests at 60 % of
the rate that was reached. ID tokens are signed with ES256 unless the row says otherwise, access tokens are opaque, the log is written at its
ordinary level. The limits on requests are raised out of the way; in production they are not. A passkey sign-in is everything from the
authorization request to the tokens: six requests, counted as one.

**Where.** ${machine.cores} cores, Node.js ${machine.nodeVersion}; the disk took ${machine.flushMs.toFixed(1)} ms to keep 4 KiB for good, which is the price of each
durable commit of the embedded store: a spent code, a refresh token, a grant, the use of a passkey.${describeServers(findings)}

${renderTables(findings)}
A goal is where a figure has to be at first, and where it is meant to end: *missed*, *met*, or *reached*.
${reasons.length > 0 ? `\n## What misses its goal\n\n${reasons.map((reason) => `- ${reason}\n`).join('')}` : ''}`;
}

function listReasons({ setups }: Findings): readonly string[] {
  return setups.flatMap((findings) => {
    const { setup, comparisons } = findings;
    const ratios = [...comparisons].map(([measure, { cpuMicros, bareCpuMicros }]) => {
      const { description } = RATIO_GOALS[measure];
      return { description, value: cpuMicros / bareCpuMicros, goal: findGoal(RATIO_GOALS[measure], setup) };
    });
    return [...ratios, ...listProcessFigures(findings)]
      .filter(({ value, goal }) => judge(value, goal) === 'missed')
      .map(
        ({ description, goal }) =>
          `${describeSetup(setup)}, **${description}**: ${goal.reason ?? 'not explained yet.'}`,
      );
  });
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => (row[column] ?? '').length)));
  const renderRow = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [renderRow(head), rule, ...rows.map(renderRow)].join('\n');
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
