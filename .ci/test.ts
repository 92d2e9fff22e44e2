/**
 * Every test, on a bare machine too: installs what is missing (saying so), builds, then runs the suites, with the real
 * clusters started for them. What measures load has the machine for itself, but for compilers and tests that only compute:
 * they have what it leaves idle. Then what waits for a cluster most of the time and what computes run side by side. The
 * last lines name what failed, the very last is "N passed, N failed, N skipped".
 * `npm test -- unit python` runs the named suites only. What the extension's drives show runs on the oldest VS Code claimed or
 * on the newest, as each file says; `TOPOLOGY_BENCH_DRIVES_VERSION=oldest npm test -- extension` runs all of it on the oldest.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAll } from './build.ts';
import { check } from './check.ts';
import { capture, inOnePiece, must, npmTool, root, run, say } from './commands.ts';
import { knowsIdle, whenIdle } from './idle.ts';
import { packageExtension } from './package.ts';
import { pythonEnvironment } from './python.ts';
import { hostReport, pytestReport, vitestReport, type Count } from './reports.ts';

// prettier-ignore
const suites = ['truth', 'load', 'check', 'unit-pure', 'unit', 'python', 'serving', 'kubernetes', 'extension', 'api', 'endings'] as const;
type Suite = (typeof suites)[number];
/** All but that whose files two lanes share. */
type LaneSuite = Exclude<Suite, 'endings'>;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some((suite) => suite === name));
if (unknown.length > 0) {
  console.error(`No such suite: ${unknown.join(', ')}. There are: ${suites.join(', ')}.`);
  process.exit(2);
}
const chosen = suites.filter((suite) => wanted.length === 0 || wanted.includes(suite));
const harness = (name: string): string => join(root, 'test/kubernetes/harness', name);
const needsCluster = chosen.some((suite) => ['kubernetes', 'extension', 'endings'].includes(suite));
const ownCluster = needsCluster && process.env['TOPOLOGY_BENCH_KUBECONFIG'] === undefined;
const started = Date.now();
const results = join(root, 'out', 'test-results');
/** The longest first, so that no cluster begins it when the other one has nothing left to do. */
const endingFiles = readdirSync(join(root, 'test/kubernetes/endings'))
  .filter((name) => name.endsWith('.test.ts'))
  .sort((a, b) => Number(b === 'kill.test.ts') - Number(a === 'kill.test.ts'));
const total: Count = { passed: 0, failed: 0, skipped: 0, failures: [] };

await rm(results, { recursive: true, force: true });
await mkdir(results, { recursive: true });
// The slowest thing on a new machine starts first and compiles while the rest is installed.
const clusterBuild = ownCluster ? buildClusterInBackground() : Promise.resolve(0);
/** State folders of the clusters started, by the suites that each is for. */
const clusters = new Map<string, string>();
try {
  if (chosen.some((suite) => ['truth', 'check', 'python', 'serving'].includes(suite))) {
    // On a root Debian machine what Python and Triton lack is installed; elsewhere the errors name the command.
    await must(process.execPath, ['src/local/prepare.ts', '--install-system-packages']);
  }
  // Before the lanes, where two of them would want Debian's package lock at once.
  if (chosen.includes('extension') || chosen.includes('api'))
    await must(process.execPath, ['test/extension/harness/install.ts']);
  if (chosen.includes('check') || chosen.includes('python')) await pythonEnvironment();
  await step('build', async () => {
    await (chosen.includes('extension') || chosen.includes('api') ? packageExtension() : buildAll());
  });
  // Compilers beside it would show in what it measures.
  await clusterBuild;
  const truth = lane(['truth'], step);
  const waiting = async (): Promise<void> => {
    await lane(['check', 'unit-pure'], held);
    // Not even at idle priority beside it: a program that leads a session of its own, as these start, is idle only within that session.
    await truth;
    await lane(['unit'], held);
  };
  const inTheGaps = knowsIdle() ? whenIdle(waiting) : undefined;
  await truth;
  await lane(['load'], step);
  await inTheGaps?.noLonger();
  await Promise.all([
    inTheGaps?.ended,
    (async () => {
      if (inTheGaps === undefined) await waiting();
      await lane(['python', 'serving'], held);
    })(),
    // Two suites on one cluster would take each other's GPUs: side by side they run on a cluster each.
    ...(ownCluster
      ? [
          lane(['kubernetes'], step).then(() => endings('first')),
          lane(['extension', 'api'], held).then(() => endings('second')),
        ]
      : [lane(['kubernetes', 'extension', 'api'], step).then(() => endings('first'))]),
  ]);
} catch (error) {
  fail(error);
} finally {
  await clusterBuild;
  for (const cluster of clusters.values()) {
    await run(harness('down'), [cluster]);
    await rm(cluster, { recursive: true, force: true });
  }
}
for (const failure of total.failures) console.log(`FAILED ${failure}`);
console.log(`${String(total.passed)} passed, ${String(total.failed)} failed, ${String(total.skipped)} skipped`);
process.exitCode =
  total.failed > 0 || total.passed === 0 || (process.env['CI'] !== undefined && total.skipped > 0) ? 1 : 0;

/** Runs those of these suites that were chosen one after the other. A suite that cannot run does not end another lane. */
async function lane(names: readonly LaneSuite[], run: typeof step): Promise<void> {
  try {
    for (const suite of names) if (chosen.includes(suite)) await run(suite, () => runSuite(suite));
  } catch (error) {
    fail(error);
  }
}

/** Whichever cluster is free takes the next file of this suite. */
async function endings(cluster: 'first' | 'second'): Promise<void> {
  if (!chosen.includes('endings')) return;
  try {
    for (let file = endingFiles.shift(); file !== undefined; file = endingFiles.shift()) {
      const name = `endings ${file}`;
      await held(name, async () => {
        await vitest('endings', await clusterEnvironment(cluster), file);
      });
    }
  } catch (error) {
    fail(error);
  }
}

/** A step whose output is printed in one piece at its end, so that lanes do not mix. */
function held(name: string, action: () => Promise<void>): Promise<void> {
  return inOnePiece(() => step(name, action));
}

function fail(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  console.error(text);
  total.failed += 1;
  total.failures.push(text);
}

async function step(name: string, action: () => Promise<void>): Promise<void> {
  const begin = Date.now();
  say(`\n== ${name} (at ${seconds(started)})`);
  await action();
  say(`== ${name} took ${seconds(begin)}`);
}

async function runSuite(suite: LaneSuite): Promise<void> {
  switch (suite) {
    case 'check':
      if (await check()) total.passed += 1;
      else fail('check: types, lint or format (see above)');
      return;
    case 'truth':
    case 'load':
    case 'unit':
    case 'unit-pure':
    case 'serving':
      await vitest(suite, {});
      return;
    case 'python':
      await pytest();
      return;
    case 'kubernetes':
      await vitest('kubernetes', await clusterEnvironment('first'));
      return;
    case 'extension':
      await vitest('extension', await clusterEnvironment('second'));
      return;
    case 'api':
      await apiSuite();
      return;
  }
}

/** @param only a file of the project, by its name; otherwise all of them */
async function vitest(project: string, environment: Record<string, string>, only?: string): Promise<void> {
  const file = join(results, `${[project, only ?? []].flat().join('-')}.json`);
  const code = await run(
    npmTool('vitest'),
    [
      'run',
      ...[only ?? []].flat(),
      '--project',
      project,
      '--reporter=verbose',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ],
    { env: { ...process.env, TOPOLOGY_BENCH_UNDER_WAY: await ownUnderWay(project), ...environment } },
  );
  add(await vitestReport(file, code, project));
}

/** Runs of one suite must not wait for those of another one beside it. */
async function ownUnderWay(project: string): Promise<string> {
  const folder = join(results, `under-way-${project}`);
  await mkdir(folder, { recursive: true });
  return folder;
}

async function pytest(): Promise<void> {
  const file = join(results, 'python.xml');
  const python = join(await pythonEnvironment(), 'bin', 'python');
  const triton = (await capture(process.execPath, ['src/local/prepare.ts', 'triton'])).trim().split('\n').at(-1) ?? '';
  const code = await run(python, ['-m', 'pytest', '-q', `--junitxml=${file}`], {
    cwd: join(root, 'src/serving'),
    env: { ...process.env, TOPOLOGY_BENCH_TRITON: triton },
  });
  add(await pytestReport(file, code));
}

/** The suite that runs inside the extension host, through @vscode/test-electron: on the oldest VS Code claimed, and the newest. */
async function apiSuite(): Promise<void> {
  for (const version of ['oldest', 'newest']) {
    const file = join(results, `api-${version}.json`);
    const code = await run(process.execPath, ['test/extension/runTests.ts'], {
      env: { ...process.env, TOPOLOGY_BENCH_API_RESULTS: file, TOPOLOGY_BENCH_VSCODE_VERSION: version },
    });
    add(await hostReport(file, code, `api, ${version} VS Code`));
  }
}

function add(count: Count): void {
  total.passed += count.passed;
  total.failed += count.failed;
  total.skipped += count.skipped;
  total.failures.push(...count.failures);
}

function buildClusterInBackground(): Promise<number> {
  console.log('Building the test cluster in the background (about 15 minutes on a new machine, nothing after that)');
  return new Promise((resolve) => {
    const child = spawn('nice', [harness('build')], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', () => {
      resolve(1);
    });
    child.on('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}

async function clusterEnvironment(which: 'first' | 'second'): Promise<Record<string, string>> {
  const given = process.env['TOPOLOGY_BENCH_KUBECONFIG'];
  if (given !== undefined) return { TOPOLOGY_BENCH_KUBECONFIG: given };
  let cluster = clusters.get(which);
  if (cluster === undefined) {
    if ((await clusterBuild) !== 0) throw new Error('The test cluster could not be built.');
    cluster = await mkdtemp(join(tmpdir(), 'topology-bench-cluster-'));
    clusters.set(which, cluster);
    await must(harness('up'), [cluster], {
      env: { ...process.env, TOPOLOGY_BENCH_CLUSTER_PARENT: String(process.pid) },
    });
  }
  const file = join(cluster, 'cluster.json');
  const description = JSON.parse(await readFile(file, 'utf8')) as { kubeconfig: string };
  return { TOPOLOGY_BENCH_KUBECONFIG: description.kubeconfig, TOPOLOGY_BENCH_CLUSTER_JSON: file };
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(0)} s`;
}
