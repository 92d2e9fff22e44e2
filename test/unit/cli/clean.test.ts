import { Command } from 'commander';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CliContext } from '../../../src/cli/context.ts';
import type { Leftover, Removal } from '../../../src/core/cluster.ts';

let found: Leftover[] = [];
let kept: string[] = [];
let waitedFor: string[] = [];
const removed: string[] = [];
vi.mock('../../../src/kubernetes/index.ts', () => ({
  findLeftovers: async () => found,
  removeLeftovers: async (
    _choice: unknown,
    chosen: readonly Leftover[],
    _signal: unknown,
    { waiting }: { waiting: (message: string) => void },
  ): Promise<Removal> => {
    removed.push(...chosen.map(({ id }) => id));
    for (const message of waitedFor) waiting(message);
    return { removed: chosen.length - kept.length, kept };
  },
}));
const { registerClean } = await import('../../../src/cli/clean.ts');

const leftover = (id: string, state: Partial<Leftover>): Leftover => ({
  kind: 'run',
  id,
  namespace: 'team-a',
  createdAt: '2026-11-29T20:00:00Z',
  objects: [],
  gpus: 1,
  inUse: false,
  leftBehind: true,
  ...state,
});

beforeEach(() => {
  removed.length = 0;
  kept = [];
  waitedFor = [];
  found = [
    leftover('r1', {}),
    leftover('r2', { inUse: true, leftBehind: false }),
    leftover('half-made', { kind: 'deployment' }),
    leftover('up', { kind: 'deployment', leftBehind: false }),
  ];
});

describe('topology-bench clean', () => {
  it('removes runs and a deployment that was cut off, and leaves what is under way or was made to stay', async () => {
    const { stdout, stderr } = await clean('--yes');
    expect(removed).toEqual(['r1', 'half-made']);
    expect(stdout).toMatch(/^run +r2 .* under way, stays \(--force\)$/mu);
    expect(stdout).toMatch(/^deployment +half-made .* its Deploy was interrupted$/mu);
    expect(stdout).toMatch(/^deployment +up .* stays \(--deployments\)$/mu);
    expect(stderr).toBe('Removed 2.\n');
  });

  it('removes more when asked to, each by its own option', async () => {
    await clean('--yes', '--force');
    expect(removed.splice(0)).toEqual(['r1', 'r2', 'half-made']);
    await clean('--yes', '--deployments');
    expect(removed).toEqual(['r1', 'half-made', 'up']);
  });

  it('says what it waits for, and does not count what stays as removed', async () => {
    waitedFor = ['waiting until this is gone: Pod tb-r1-x'];
    kept = ['The namespace made, which was made for this, stays: theirs (configmaps) lives there.'];
    const { stderr } = await clean('--yes');
    expect(stderr.split('\n')).toEqual([
      'waiting until this is gone: Pod tb-r1-x',
      'Removed 1 of 2 with all that belonged to it.',
      'The namespace made, which was made for this, stays: theirs (configmaps) lives there.',
      '',
    ]);
  });
});

async function clean(...options: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const context = {
    stdin: { isTTY: false },
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    signal: new AbortController().signal,
  } as unknown as CliContext;
  const program = new Command().exitOverride();
  registerClean(program, context);
  await program.parseAsync(['clean', ...options], { from: 'user' });
  return written;
}
