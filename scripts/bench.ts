/** `npm run bench`: what Cardea costs beside a bare oidc-provider. A full run prints its tables and writes docs/performance.md. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cardeaEnvironment, createCardeaTarget, prepareCardea, startCardea } from './bench/cardea.ts';
import { DatabaseServers } from './bench/database-servers.ts';
import { startBareProvider, startKoaHello } from './bench/floors.ts';
import { describeMachine } from './bench/machine.ts';
import { MailServer } from './bench/mail-server.ts';
import { MEASURES, type Measure, type MeasureName } from './bench/measures.ts';
import { type Findings, renderDocument, renderTables, type SetupFindings, toJson } from './bench/report.ts';
import { type Comparison, compare, type Effort, measureFloor } from './bench/rounds.ts';
import { findFreePort } from './bench/server-process.ts';
import { SETUPS, type Setup } from './bench/setups.ts';
import { measureStartup } from './bench/startup.ts';
import { buildBrowser } from './build.ts';

interface Plan extends Effort {
  readonly setups: readonly Setup[];
  readonly measures: readonly Measure[];
  /** How often starting is timed; never in a run of single measures. */
  readonly starts: number;
  /** Where Node.js writes a CPU profile of the server. */
  readonly profileFolder: string | undefined;
}

const DOCUMENT = join(import.meta.dirname, '../docs/performance.md');
const FULL = { rounds: 3, scale: 1, starts: 3 };
const QUICK = { rounds: 2, scale: 0.2, starts: 1 };
/** How long a server is left alone before its memory is read. */
const SETTLE_MS = 1000;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    measure: { type: 'string', multiple: true, default: [] },
    store: { type: 'string' },
    json: { type: 'string' },
    profile: { type: 'string' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'cardea-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
// The servers are killed as the process exits, which it does not do by itself for a signal.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const isWhole = !options.quick && options.measure.length === 0 && options.store === undefined;
await buildBrowser();
const findings = await run({
  ...(options.quick ? QUICK : FULL),
  setups: chooseSetups(options.store),
  measures: chooseMeasures(options.measure),
  ...(options.measure.length > 0 && { starts: 0 }),
  profileFolder: options.profile,
});
process.stdout.write(renderTables(findings));
if (options.json) writeFileSync(options.json, `${JSON.stringify(toJson(findings), undefined, 2)}\n`);
if (findings.setups.some(({ voided }) => voided.size > 0)) process.exitCode = 1;
else if (isWhole) writeFileSync(DOCUMENT, renderDocument(findings));

/** All of them unless a store is named. */
function chooseSetups(store: string | undefined): readonly Setup[] {
  const chosen = SETUPS.filter((setup) => store === undefined || setup.store === store);
  if (chosen.length === 0) throw new Error(`there is no store ${store}`);
  return chosen;
}

/** All of them unless some are named. */
function chooseMeasures(names: readonly string[]): readonly Measure[] {
  const unknown = names.find((name) => !MEASURES.some((measure) => measure.name === name));
  if (unknown !== undefined) throw new Error(`there is no measure ${unknown}`);
  return names.length === 0 ? MEASURES : MEASURES.filter(({ name }) => names.includes(name));
}

async function run(plan: Plan): Promise<Findings> {
  const machine = describeMachine(folder);
  const koaHelloCpuMicros = await measureKoaHello(plan);
  await using servers = await DatabaseServers.open();
  const setups: SetupFindings[] = [];
  for (const setup of plan.setups) {
    if (setup.store === 'embedded' || servers) setups.push(await measureSetup(setup, plan, servers));
  }
  return { machine, koaHelloCpuMicros, servers: servers?.facts, setups };
}

async function measureSetup(setup: Setup, plan: Plan, servers: DatabaseServers | undefined): Promise<SetupFindings> {
  await using mailServer = await MailServer.start();
  const { url: smtpUrl } = mailServer;
  const makeEnvironment = async () => ({
    ...cardeaEnvironment({ folder: mkdtempSync(join(folder, 'data-')), port: await findFreePort(), smtpUrl }),
    ...(setup.store === 'servers' && servers?.addDatabases()),
    CARDEA_WORKERS: `${setup.workers}`,
  });
  const startup = plan.starts > 0 ? await measureStartup(makeEnvironment, plan.starts) : undefined;
  const environment = await makeEnvironment();
  const prepared = await prepareCardea(environment);
  const bare = await startBareProvider();
  await using _ = bare.server;
  await using server = await startCardea(environment, plan.profileFolder);
  await setTimeout(SETTLE_MS);
  const idle = server.memory().now;
  const cardea = createCardeaTarget(server, prepared);
  const comparisons = new Map<MeasureName, Comparison>();
  const voided = new Map<MeasureName, string>();
  for (const measure of plan.measures) {
    try {
      comparisons.set(measure.name, await compare(measure, { cardea, bare }, plan));
    } catch (error) {
      voided.set(measure.name, error instanceof Error ? error.message : String(error));
    }
  }
  return { setup, startup, comparisons, voided, memory: { idle, loaded: server.memory().peak } };
}

async function measureKoaHello(effort: Effort): Promise<number> {
  await using server = await startKoaHello();
  return await measureFloor(server, { host: `localhost:${server.port}`, path: '/' }, effort);
}
