import { expect, test, vi } from 'vitest';
import { BenchError, type Reason } from '../../../src/core/errors.ts';
import type { Services } from '../../../src/extension/services.ts';
import { fakeVscode } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const handlers = new Map<string, (argument: unknown) => Promise<void>>();
Object.assign(fakeVscode.commands, {
  registerCommand: (id: string, run: (argument: unknown) => Promise<void>) => {
    handlers.set(id, run);
    return { dispose: () => undefined };
  },
});
const { registerCommands } = await import('../../../src/extension/commands/register.ts');

const services = { runs: { onDidChange: () => ({ dispose: () => undefined }) } } as unknown as Services;
const problem = (reason: Reason): { problem: BenchError } => ({
  problem: new BenchError({ reason, message: 'It is wrong.' }),
});

test.each([
  ['the name of a setting', 'topologyBench.kubeconfig', 'topologyBench.kubeconfig'],
  ['a row that says that the kubeconfig is missing', problem('kubeconfig-missing'), 'topologyBench.kubeconfig'],
  ['a row with a problem that no setting mends', problem('api-unreachable'), '@ext:topology-bench.topology-bench'],
  ['nothing', undefined, '@ext:topology-bench.topology-bench'],
])('Open Settings on %s', async (_what, argument, query) => {
  registerCommands(
    services,
    () => undefined,
    () => [],
  );
  await handlers.get('topologyBench.openSettings')?.(argument);
  expect(fakeVscode.commands.executeCommand).toHaveBeenLastCalledWith('workbench.action.openSettings', query);
});
