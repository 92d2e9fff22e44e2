import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clusterName } from '../../../src/kubernetes/index.ts';
import { identityOf } from '../../../src/local/processIdentity.ts';
import { dropClaim, takeTurn, type Claimant } from '../../../src/runs/claims.ts';
import { ScriptedTarget } from '../../support/scriptedTarget.ts';
import { parseXml } from '../../support/xml.ts';
import { runCommand, type Heard, type RunEnded } from './runCommand.ts';

/** A benchmark beside another one that is under way; the target follows a script, all else is the command as it ships. */

let folder: string;
let claims: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-turn-'));
  claims = join(folder, 'under-way');
});
afterEach(async () => {
  process.exitCode = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** Of this very process, which is there. */
async function otherRun(change: Partial<Claimant> = {}): Promise<string> {
  const claimant: Claimant = {
    runId: '20261124-200000-0001',
    pools: ['this machine'],
    subject: 'sentiment',
    door: 'VS Code',
    folder: 'models',
    pid: process.pid,
    startedAt: (await identityOf(process.pid))?.startedAt ?? null,
    ...change,
  };
  const signal = new AbortController().signal;
  return takeTurn(claims, claimant, { isAlive: async () => true, waits: () => undefined, signal });
}

/** Two clusters, one of which is the current context's. */
const kubeconfigWith = (current: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': current,
    users: [{ name: 'nobody', user: {} }],
    clusters: ['staging', 'production'].map((name) => ({
      name,
      cluster: { server: `https://${name}.example:6443` },
    })),
    contexts: ['staging', 'production'].map((name) => ({ name, context: { cluster: name, user: 'nobody' } })),
  });

const target = new ScriptedTarget();
const run = (options: readonly string[] = [], signal?: AbortSignal, heard?: Heard): Promise<RunEnded> =>
  runCommand(
    ['--local', '--topologies', 'fastapi', '--out', join(folder, 'runs'), ...options],
    target,
    signal,
    claims,
    heard,
  );

/** A run that has said that it waits: its claim is there before it looks for others. */
async function waitingRun(begin: (heard: Heard) => Promise<RunEnded>): Promise<{ readonly ended: Promise<RunEnded> }> {
  let told = '';
  const ended = begin({ stderr: (text) => (told = text) });
  await Promise.race([
    vi.waitFor(() => {
      expect(told).toContain('Waits for');
    }),
    ended,
  ]);
  expect(await readdir(claims)).toHaveLength(2);
  return { ended };
}

describe('a run beside one that uses the same', () => {
  beforeEach(() => {
    target.calls.length = 0;
  });

  it('waits for it, says which it is, and leaves no claim at its end', async () => {
    const other = await otherRun();
    const { ended } = await waitingRun((heard) => run([], undefined, heard));
    expect(target.calls).toEqual([]);
    await dropClaim(other);
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^Waits for the benchmark of sentiment from VS Code \(process \d+, in models\), which uses this machine and has been under way since \d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC\. Ctrl-C ends the wait; --no-wait refuses it\.$/mu,
    );
    expect(stderr.match(/Waits for/gu)).toHaveLength(1);
    expect(await readdir(claims)).toEqual([]);
  });

  it('does not wait with --no-wait, which a script and CI can tell', async () => {
    await otherRun();
    const junit = join(folder, 'junit.xml');
    await expect(run(['--no-wait', '--junit', junit])).rejects.toMatchObject({
      reason: 'target-busy',
      message: expect.stringMatching(/^Two benchmarks at the same time .* another one uses this machine\.$/u) as string,
      nextStep: expect.stringContaining('--no-wait') as string,
    });
    expect((await parseXml(await readFile(junit, 'utf8'))).children[0]?.children[0]?.children[0]).toMatchObject({
      attributes: { type: 'target-busy' },
    });
    expect([target.calls, await readdir(claims)]).toEqual([[], ['1-20261124-200000-0001.json']]);
  });

  it('goes to the context that was current when it was started, whichever is current when its turn comes', async () => {
    const kubeconfigPath = join(folder, 'kubeconfig');
    const isCurrent = (context: string): Promise<void> => writeFile(kubeconfigPath, kubeconfigWith(context));
    await isCurrent('staging');
    const { key } = clusterName({ kubeconfigPath });
    const other = await otherRun({ pools: [`cluster ${key}, namespace models`] });
    const chosen: (string | undefined)[] = [];
    const { ended } = await waitingRun((heard) =>
      runCommand(
        [
          ...['--kubeconfig', kubeconfigPath, '--namespace', 'models', '--topologies', 'fastapi'],
          ...['--out', join(folder, 'runs')],
        ],
        target,
        undefined,
        claims,
        { ...heard, chosen: ({ kubeContext }) => chosen.push(kubeContext) },
      ),
    );
    await isCurrent('production');
    await dropClaim(other);
    await ended;
    expect(chosen).toEqual(['staging']);
  });

  it('ends without a record when the wait is ended', async () => {
    await otherRun();
    const stop = new AbortController();
    const { ended } = await waitingRun((heard) => run([], stop.signal, heard));
    stop.abort();
    await expect(ended).rejects.toMatchObject({ reason: 'cancelled' });
    expect([target.calls, await readdir(claims)]).toEqual([[], ['1-20261124-200000-0001.json']]);
  });

  it.each<[string, Partial<Claimant>]>([
    ['was killed', { startedAt: 'another time' }],
    ['uses another machine, or a cluster', { pools: ['cluster 0123456789ab, CPU'] }],
  ])('begins at once where that one %s', async (_what, change) => {
    await otherRun(change);
    const { code, stderr } = await run(['--no-wait']);
    expect(code).toBe(0);
    expect(stderr).not.toContain('Waits');
  });

  it('begins where it cannot be told, and says so', async () => {
    await writeFile(claims, '');
    const { code, stderr } = await run(['--no-wait']);
    expect(code).toBe(0);
    expect(stderr).toContain('Warning: Whether another benchmark is under way cannot be told: ');
  });
});
