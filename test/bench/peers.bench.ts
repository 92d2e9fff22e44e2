/**
 * Our load generator beside its peers, in one run and taking turns: plain autocannon and wrk in the closed loop, NVIDIA's
 * perf_analyzer on a real Triton, vegeta at a constant rate; and how fast latencies are recorded. Installs the peers
 * into the cache folder, saying so. `node test/bench/peers.bench.ts [--rounds N] [--write]` prints tables in Markdown, with --write
 * into docs/peers.md too, then one line of JSON; 1 when a target is missed, a phase of ours is not valid, or a peer cannot be had.
 * What an interval does not decide is said to be so, and fails nothing.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openAssets } from '../../src/assets/assets.ts';
import { inferenceRequestBody } from '../../src/core/openInference.ts';
import { createLoadDriver } from '../../src/load/driver.ts';
import { autocannonVersion } from '../../src/load/autocannon.ts';
import { prepareLocal } from '../../src/local/prepare.ts';
import { installSystemPackages } from '../../src/local/systemPackages.ts';
import { workerBundle } from '../unit/load/worker-bundle.ts';
import * as generators from './peers/generators.ts';
import { installPerfAnalyzer, installVegeta, installWrk, type Peer } from './peers/install.ts';
import { measureRecording } from './peers/recording.ts';
import { introduction } from './peers/introduction.ts';
import { describeRatio, notValid, p95Ratio, rateRatio, table, takeTurns, type Rounds } from './peers/rounds.ts';
import { judgeRatio, median, type PeerOutcome } from './peers/statistics.ts';
import { fullSizeModel, startTriton, type BenchTriton } from './peers/triton.ts';
import { writePage } from './support/page.ts';

const targets = { rateRatio: 0.95, p95Low: 0.9, p95High: 1.1, latenciesPerSecond: 100_000, quantileError: 0.001 };
const us = 'topology-bench';
const levels = [1, 4, 8];
const root = join(import.meta.dirname, '..', '..');

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, write: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
const never = new AbortController().signal;
const report: string[] = [];
const missed: string[] = [];
const undecided: string[] = [];

const say = (...lines: string[]): void => {
  report.push(...lines);
  console.log(lines.join('\n'));
};

/** Says what a target asks for and what came out, and keeps what was not met. */
const judge = (text: string, outcome: PeerOutcome): void => {
  say('', `${outcome}: ${text}`);
  if (outcome === '**Missed**') missed.push(text);
  if (outcome === 'Not decided') undecided.push(text);
};

await installSystemPackages(console.log, never);
const assets = openAssets(root, 'bench');
const prepared = await prepareLocal({ assets, triton: true, status: console.log }, never);
const [wrk, vegeta, perfAnalyzer] = [await installWrk(), await installVegeta(), await installPerfAnalyzer(prepared)];
const fullSize = await fullSizeModel(assets);
const driver = createLoadDriver({ workerPath: await workerBundle() });
const payload = await assets.payload();
const texts = payload.texts.map(({ text }) => text);
const folder = await mkdtemp(join(tmpdir(), 'topology-bench-peers-'));
const startedAt = performance.now();
try {
  introduce();
  await fastest();
  {
    await using triton = await startTriton(assets.tinyModelDirectory, { prepared, assets, payload });
    const fastest = await closedLoop(triton);
    await openLoop(triton, fastest);
  }
  {
    await using triton = await startTriton(fullSize, { prepared, assets, payload });
    await fullSizeP95(triton);
  }
  recording();
} finally {
  await rm(folder, { recursive: true, force: true });
}
say('', `The whole run took ${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes.`);
for (const peer of [wrk, vegeta, perfAnalyzer]) {
  if (!peer.available) judge(`${peer.name} is not compared: ${peer.reason}`, '**Missed**');
}
if (values.write) await writePage('peers.md', [...introduction, '', ...report, ''].join('\n'));
console.log(JSON.stringify({ name: 'peers', missed, undecided }));
process.exitCode = missed.length === 0 ? 0 : 1;

function introduce(): void {
  const version = (peer: Peer): string =>
    `${peer.name} ${peer.available ? peer.version : `not to be had: ${peer.reason}`}`;
  say(
    `Versions: autocannon ${autocannonVersion} on Node ${process.versions.node}; ${[wrk, vegeta, perfAnalyzer].map(version).join('; ')}; ` +
      `Triton ${prepared.triton !== null && 'version' in prepared.triton ? prepared.triton.version : 'none'}. ` +
      `${String(rounds)} rounds; each figure is the median over the rounds.`,
  );
}

/** Against a server that costs next to nothing, so that the generator is what limits the rate. */
async function fastest(): Promise<void> {
  const server = fork(join(import.meta.dirname, 'load-server.ts'), ['0'], { execArgv: [] });
  try {
    const [port] = (await once(server, 'message')) as [number];
    // autocannon is faster with one body, and this server reads none.
    const work = { ...workFor(`http://127.0.0.1:${String(port)}/fast`), bodies: workFor('').bodies.slice(0, 1) };
    const measured = await takeTurns(closedGenerators(work), { connections: 32, seconds: 2 }, warmUp(32));
    present('As fast as it goes: a server without work, 32 connections', measured);
    judgeRate('as fast as it goes', measured);
  } finally {
    server.kill();
  }
}

/** @returns our RPS at the highest concurrency */
async function closedLoop(triton: BenchTriton): Promise<number> {
  let requestsPerSecond = Number.NaN;
  const all = closedGenerators(workFor(triton.inferUrl));
  if (perfAnalyzer.available) all.set('perf_analyzer', generators.perfAnalyzer(workOn(triton), perfAnalyzer));
  for (const connections of levels) {
    const measured = await takeTurns(all, { connections, seconds: 2 }, warmUp(connections));
    present(`Closed loop: Triton, tiny model, concurrency ${String(connections)}`, measured);
    judgeRate(`concurrency ${String(connections)}`, measured);
    requestsPerSecond = median((measured.get(us) ?? []).map((sample) => sample.requestsPerSecond));
    if (!perfAnalyzer.available) continue;
    judgeP95(measured);
  }
  return requestsPerSecond;
}

/** At half of what the server can do, so that both programs can keep to their schedule. */
async function openLoop(triton: BenchTriton, fastestPerSecond: number): Promise<void> {
  const work = workFor(triton.inferUrl);
  const both = new Map([[us, generators.oursOpen(work, driver)]]);
  if (vegeta.available) both.set('vegeta', generators.vegeta(work, vegeta));
  const ratePerSecond = Math.max(10, Math.round(fastestPerSecond / 20) * 10);
  const load = { ratePerSecond, seconds: 3 };
  const measured = await takeTurns(both, load, { rounds, warmUp: { ratePerSecond, seconds: 1 } });
  present(`Open loop: Triton, tiny model, ${String(ratePerSecond)} requests a second, evenly spaced`, measured);
  if (vegeta.available) say('', `p95, ours / vegeta: ${describeRatio(p95Ratio(measured, us, 'vegeta'))}`);
}

/**
 * One request at a time: with more, Triton batches those that happen to wait together, and chance decides what a p95 is of.
 * Long enough for most of the payload, so that both programs are answered for the same texts.
 */
async function fullSizeP95(triton: BenchTriton): Promise<void> {
  if (!perfAnalyzer.available) return;
  const work = workOn(triton);
  const both = new Map([
    [us, generators.oursClosed(work, driver)],
    ['perf_analyzer', generators.perfAnalyzer(work, perfAnalyzer)],
  ]);
  const measured = await takeTurns(both, { connections: 1, seconds: 12 }, warmUp(1));
  present('Closed loop: Triton, full-size model, concurrency 1', measured);
  judgeP95(measured);
}

/** A table under its heading; loads of ours that may not be believed are a miss. */
function present(heading: string, measured: Rounds): void {
  say('', `## ${heading}`, '', ...table(measured));
  for (const why of notValid(measured, us)) judge(`a load of ours is not valid, ${why}`, '**Missed**');
}

function judgeP95(measured: Rounds): void {
  const ratio = p95Ratio(measured, us, 'perf_analyzer');
  judge(
    `p95, ours / perf_analyzer: ${describeRatio(ratio)}; asked is an interval within ${String(targets.p95Low)} to ${String(targets.p95High)}`,
    judgeRatio(ratio, { least: targets.p95Low, most: targets.p95High }),
  );
}

function recording(): void {
  const result = measureRecording(3);
  say('', '## Recording latencies: three recorders in one process, merged', '');
  const lost = result.latencies - result.merged;
  judge(
    `${Math.round(result.latenciesPerSecond).toLocaleString('en')} latencies a second, ` +
      `${String(result.latencies)} recorded, ${String(lost)} lost, largest error of a quantile ` +
      `${(result.worstQuantileError * 100).toFixed(3)} %; asked are ${targets.latenciesPerSecond.toLocaleString('en')} a second, none lost, ` +
      `${String(targets.quantileError * 100)} %`,
    result.latenciesPerSecond >= targets.latenciesPerSecond &&
      lost === 0 &&
      result.counted === result.latencies &&
      result.worstQuantileError <= targets.quantileError
      ? 'Met'
      : '**Missed**',
  );
}

function judgeRate(where: string, measured: Rounds): void {
  const ratio = rateRatio(measured, us, 'autocannon');
  judge(
    `RPS, ours / plain autocannon, ${where}: ${describeRatio(ratio)}; asked is an interval of at least ${String(targets.rateRatio)}`,
    judgeRatio(ratio, { least: targets.rateRatio }),
  );
}

function closedGenerators(work: generators.Work): Map<string, generators.Generator<generators.ClosedLoad>> {
  const map = new Map([
    [us, generators.oursClosed(work, driver)],
    ['autocannon', generators.plainAutocannon(work)],
  ]);
  if (wrk.available) map.set('wrk', generators.wrk(work, wrk));
  return map;
}

function workFor(url: string): generators.Work {
  return { url, bodies: texts.map((text) => inferenceRequestBody([text])), seed: 1, folder };
}

function workOn(triton: BenchTriton): generators.PerfAnalyzerWork {
  const { address, modelName, inferUrl } = triton;
  return { ...workFor(inferUrl), texts, address, modelName, inferences: () => triton.inferences() };
}

function warmUp(connections: number): { rounds: number; warmUp: generators.ClosedLoad } {
  return { rounds, warmUp: { connections, seconds: 1 } };
}
