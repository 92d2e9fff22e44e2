/** A name from a kubeconfig or a cluster is no link in a notification, where VS Code would make a command of it. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { DeployedTopology, Leftover } from '../../../src/core/cluster.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import type { Services } from '../../../src/extension/services.ts';
import { fakeVscode, settingsOf, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { cleanUp, offerLeftBehind } = await import('../../../src/extension/commands/cleanUp.ts');
const { progressIn } = await import('../../../src/extension/commands/deploy.ts');
const { deleteDeployment, sendSampleRequest, showLogs } =
  await import('../../../src/extension/commands/deployments.ts');
const { protectContext, unprotectContext } = await import('../../../src/extension/commands/protect.ts');

const link = '[prod](command:workbench.action.quit)';
const place = { context: link, namespace: 'models' };
const deployment = { ...place, id: 'tb-1', topology: `triton (${link})`, model: 'm', endpoint: 'http://m' };
const leftover: Leftover = {
  kind: 'run',
  id: 'left',
  namespace: 'models',
  createdAt: '2026-01-02T09:30:00Z',
  objects: [],
  gpus: 0,
  inUse: false,
  leftBehind: true,
};
let leftovers: readonly Leftover[] = [];
const services = {
  cluster: {
    leftovers: async () => leftovers,
    removeLeftovers: async () => ({ removed: 1, kept: [] }),
    logs: async () => 'a line',
    infer: async () => [],
    deleteDeployment: async () => undefined,
    changed: () => undefined,
  },
  memory: {
    unfinished: () => [{ ...place, runId: 'left', startedAt: '2026-01-02T09:30:00Z' }],
    forgetUnfinished: async () => undefined,
  },
  runs: { active: () => [] },
  protection: { permitsRemoval: async () => true },
  failures: { show: vi.fn(), note: vi.fn() },
  log: { info: vi.fn() },
} as unknown as Services;

const { showInformationMessage, showWarningMessage, withProgress, showQuickPick } = fakeVscode.window;
Object.assign(fakeVscode.window, { createOutputChannel: () => ({ replace: vi.fn(), show: vi.fn() }) });

beforeEach(() => {
  vi.clearAllMocks();
  useDefaults(settingDefaults);
  settingsOf.clear();
  fakeVscode.workspace.isTrusted = true;
  leftovers = [leftover];
});

/** Everything that was said but what a modal dialog asks, which shows its text as it is. */
function said(): string[] {
  const messages = [...showInformationMessage.mock.calls, ...showWarningMessage.mock.calls].filter(
    ([, options]) => typeof options !== 'object',
  );
  const titles = withProgress.mock.calls.map(([options]) => (options as { title: string }).title);
  return [...messages.map(([message]) => String(message)), ...titles];
}

describe('a name that is written like a link stays text', () => {
  test.each([
    [
      'where nothing is left behind',
      async () => {
        leftovers = [];
        await cleanUp(place, services);
      },
    ],
    [
      'while leftovers are removed',
      async () => {
        showQuickPick.mockImplementationOnce(async (items) => items);
        await cleanUp(place, services);
      },
    ],
    ['where something is offered for removal', async () => offerLeftBehind(services, new Set())],
    ['while a deployment is deleted', async () => deletes()],
    ['while logs are read', async () => showLogs({ deployment }, services)],
    ['while a deployment is asked', async () => sendSampleRequest({ deployment }, services)],
    ['of a context that is not protected', async () => unprotectContext({ context: link }, services)],
    [
      'of one that is protected already',
      async () => {
        protect(link);
        await protectContext({ context: link }, services);
      },
    ],
    [
      'of one that stays protected',
      async () => {
        protect('*');
        await unprotectContext({ context: link }, services);
      },
    ],
  ])('%s', async (_when, act) => {
    await act();
    expect(said().join('\n')).toContain('[prod] (command:');
    expect(said().join('\n')).not.toContain('](');
  });
});

test('a deployment is told of in words, and not by names of the engine', () => {
  const report = vi.fn<(step: { message?: string }) => void>();
  const progress = progressIn({ report }, services, 'fastapi');
  for (const stage of ['apply', 'upload', 'wait'] as const) progress.stage(stage);
  expect(report.mock.calls.map(([{ message }]) => message)).toEqual([
    'deploying',
    'uploading the model',
    'waiting to be ready',
  ]);
  report.mockClear();
  for (const pods of ['fastapi: waiting for its pod', 'fastapi: waiting for its pod', 'fastapi: installing packages'])
    progress.status(pods);
  expect(report.mock.calls.map(([{ message }]) => message)).toEqual(['waiting for its pod', 'installing packages']);
});

function protect(...patterns: readonly string[]): void {
  settingsOf.set('', { protectedContexts: patterns });
}

async function deletes(): Promise<void> {
  showWarningMessage.mockResolvedValueOnce('Delete');
  await deleteDeployment({ deployment: deployment as unknown as DeployedTopology }, services);
}
