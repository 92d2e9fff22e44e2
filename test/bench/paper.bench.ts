/**
 * The paper's table, from the test cluster: the profile "paper" by the command line as it ships, with a DistilBERT of full size
 * (random weights, made on the machine) or the tiny model. Starts a test cluster of its own unless TOPOLOGY_BENCH_CLUSTER_JSON
 * names one. `node test/bench/paper.bench.ts [--tiny] [--write] [--record FILE] [--from FILE]` prints Markdown, with --write into
 * docs/paper.md too, and leaves the record in FILE; with --from it only tells again what such a record holds. 1 when a topology has
 * no numbers.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { runRecordSchema, type RunRecord } from '../../src/core/record.ts';
import { markdownTable, recordMarkdown } from '../../src/core/view/markdown.ts';
import { levelsOf, measuredRecord, rowsAt, rowsOf, type PhaseRow } from '../../src/core/view/measured.ts';
import { paperMark, paperTable } from '../../src/core/view/paper.ts';
import { rowVerdict } from '../../src/core/view/rowVerdict.ts';
import { chanceText, verdictText } from '../../src/core/verdict.ts';
import { deleteNamespace, makeNamespace } from '../kubernetes/support/namespaces.ts';
import { assets, prebuiltImages } from '../kubernetes/support/plans.ts';
import { testCluster } from '../kubernetes/support/testCluster.ts';
import { startCli } from '../unit/cli/bundle.ts';
import { fullSizeModel } from './peers/triton.ts';
import { startCluster } from './support/cluster.ts';
import { writePage } from './support/page.ts';

const { values } = parseArgs({
  options: {
    tiny: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    record: { type: 'string' },
    from: { type: 'string' },
  },
});
await using resources = new AsyncDisposableStack();
const record =
  values.from === undefined ? await measure() : runRecordSchema.parse(JSON.parse(await readFile(values.from, 'utf8')));
const text = page(record);
console.log(text);
if (values.write) await writePage('paper.md', text);
const incomplete = record.topologies.filter(({ status }) => status !== 'completed').length;
console.log(JSON.stringify({ name: 'paper', run: record.id, incomplete }));
process.exitCode = incomplete === 0 ? 0 : 1;

async function measure(): Promise<RunRecord> {
  resources.use(await startCluster());
  const measured = await run(values.tiny ? assets.tinyModelDirectory : await fullSizeModel(assets));
  if (values.record !== undefined) await writeFile(values.record, JSON.stringify(measured));
  return measured;
}

async function run(model: string): Promise<RunRecord> {
  const folder = await mkdtemp(join(tmpdir(), 'topology-bench-paper-'));
  const namespace = await makeNamespace('paper');
  try {
    const plan = join(folder, 'topology-bench.yaml');
    // GPUs of the test cluster are doubles: everything computes on the CPU, and no GPU is asked for.
    const choices = { version: 1, model, namespace, profile: 'paper', cores: 2, gpu: 'none', images: prebuiltImages() };
    await writeFile(plan, stringify({ ...choices, readyTimeoutSeconds: 300 }));
    const started = startCli(['run', plan, '--json'], {
      cwd: folder,
      env: { KUBECONFIG: testCluster().kubeconfig },
    });
    started.child.stderr.on('data', (line: string) => process.stderr.write(line));
    const { stdout } = await started.ended;
    return runRecordSchema.parse(JSON.parse(stdout));
  } finally {
    await deleteNamespace(namespace);
    await rm(folder, { recursive: true, force: true });
  }
}

function page(result: RunRecord): string {
  const rows = rowsOf(measuredRecord(result));
  const { columns, rows: quoted } = paperTable();
  const verdicts = verdictRows(rows);
  return [
    "# The paper's table, on equal hardware",
    '',
    'What `npm run bench -- paper --write` measured; it wrote this page, too. The profile `paper` deploys FastAPI, Triton without',
    'dynamic batching, Triton with it, and the hybrid that the paper lacks, in three turns (A B C D, A B C D, ...), each deployed',
    'anew with the same model, cores, threads, texts and load.',
    '',
    `It ran on the one-node Kubernetes of the tests: two CPU cores that servers, load generator and cluster share, and no GPU. The model is ${
      values.tiny
        ? 'the built-in tiny one.'
        : 'a DistilBERT of 67 million parameters with random weights, made on the machine: what it answers means nothing, what it costs is what the real one costs.'
    }`,
    '',
    '## What was measured',
    '',
    recordMarkdown(result),
    '## Each against each, turn by turn',
    '',
    'Ratios with their 95 % intervals, from the turns as pairs ([how](statistics.md)). Three pairs are few: an interval of three is',
    `2.2 times as wide as one of a great many with the same spread. ${chanceText(verdicts.flatMap(({ shown }) => shown.filter(({ decided }) => decided)).length)}`,
    '',
    markdownTable(
      ['Load', 'Pair', 'p95', 'RPS'],
      verdicts.map(({ place, shown }) => [...place, ...shown.map(({ text }) => text)]),
    ),
    '',
    `## The paper's own figures (${paperMark})`,
    '',
    markdownTable(columns, quoted),
    '',
  ].join('\n');
}

/** Each topology against each other at each load: what the row is called, and what is shown of p95 and of RPS. */
function verdictRows(rows: readonly PhaseRow[]): { readonly place: readonly string[]; readonly shown: Shown[] }[] {
  return levelsOf(rows).flatMap((level) => {
    const here = rowsAt(rows, level);
    return here.flatMap((a, at) =>
      here.slice(at + 1).map((b) => ({
        place: [level.short, `${a.topology} / ${b.topology}`],
        shown: (['p95Ms', 'rps'] as const).map((quantity) => {
          const verdict = rowVerdict(a, b, quantity);
          return { text: verdictText(verdict, a.topology, b.topology), decided: verdict.kind !== 'none' };
        }),
      })),
    );
  });
}

interface Shown {
  readonly text: string;
  readonly decided: boolean;
}
