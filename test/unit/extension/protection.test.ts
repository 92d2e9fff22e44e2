import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { DeployedTopology } from '../../../src/core/cluster.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import type { Services } from '../../../src/extension/services.ts';
import { fakeVscode, settingsOf, useDefaults, written } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { isProtected, matchesPattern, Protection } = await import('../../../src/extension/protection.ts');
const { protectContext, unprotectContext } = await import('../../../src/extension/commands/protect.ts');
const { deleteDeployment } = await import('../../../src/extension/commands/deployments.ts');

const { showInputBox, showWarningMessage, showInformationMessage } = fakeVscode.window;
const protect = (...patterns: readonly unknown[]): void => {
  settingsOf.set('', { protectedContexts: patterns });
};
const types = (text: string | undefined): void => {
  showInputBox.mockImplementationOnce(async () => text);
};

let protection = new Protection();
const context = 'prod-eu';
const deleted: string[] = [];
const services = {
  cluster: {
    current: async () => ({ context, namespace: 'models' }),
    async deleteDeployment(listed: DeployedTopology) {
      deleted.push(`${listed.context} ${listed.id}`);
    },
    changed: () => undefined,
  },
  get protection() {
    return protection;
  },
} as unknown as Services;

beforeEach(() => {
  vi.clearAllMocks();
  useDefaults(settingDefaults);
  settingsOf.clear();
  written.length = 0;
  deleted.length = 0;
  fakeVscode.workspace.isTrusted = true;
  protection = new Protection();
});

describe('a pattern', () => {
  test.each([
    ['prod', 'prod', true],
    ['prod', 'prod-eu', false],
    ['prod-*', 'prod-eu', true],
    ['prod-*', 'prod-', true],
    ['*prod*', 'arn:aws:eks:eu-west-1:1:cluster/prod', true],
    ['*/prod', 'arn:aws:eks:eu-west-1:1:cluster/prod', true],
    ['*/prod', 'arn:aws:eks:eu-west-1:1:cluster/prod-2', false],
    ['a*b*c', 'axxbxxc', true],
    ['a*b*c', 'acb', false],
    ['aa*aa', 'aaa', false],
    ['*', 'anything', true],
    ['p.od', 'prod', false],
  ])('%s and the context %s', (pattern, name, expected) => {
    expect(matchesPattern(name, pattern)).toBe(expected);
  });

  test('among entries that are none still protects, and so does one that stands without a list', () => {
    protect(7, null, ' prod-* ');
    expect(isProtected('prod-eu')).toBe(true);
    settingsOf.set('', { protectedContexts: 'prod-eu' });
    expect(isProtected('prod-eu')).toBe(true);
    expect(isProtected('staging')).toBe(false);
  });
});

describe('the first deployment or benchmark on a protected context', () => {
  const permits = (on = context): Promise<boolean> => protection.permits(on, 'Deploy triton.');

  test('asks for its name, says what for, and takes nothing else', async () => {
    protect('prod-*');
    types('prod-eu');
    expect(await permits()).toBe(true);
    const [box] = showInputBox.mock.lastCall ?? [];
    expect(box?.prompt).toBe('Deploy triton. Type prod-eu to go on.');
    expect(box?.validateInput('')).toContain('prod-eu');
    expect(box?.validateInput('prod-us')).toContain('prod-eu');
    expect(box?.validateInput('prod-eu')).toBeUndefined();
  });

  test('does not take place when the user leaves, and the next one asks again', async () => {
    protect('prod-*');
    types(undefined);
    expect(await permits()).toBe(false);
    types('prod-eu');
    expect(await permits()).toBe(true);
    expect(showInputBox).toHaveBeenCalledTimes(2);
  });

  test('is the only one that asks, until the window shows another context', async () => {
    protect('prod-*');
    protection.shows('prod-eu');
    types('prod-eu');
    await permits();
    protection.shows('prod-eu');
    expect(await permits()).toBe(true);
    expect(showInputBox).toHaveBeenCalledTimes(1);
    protection.shows('staging');
    protection.shows('prod-eu');
    types(undefined);
    expect(await permits()).toBe(false);
  });

  test('is of that context alone', async () => {
    protect('prod-*');
    types('prod-eu');
    await permits();
    types(undefined);
    expect(await permits('prod-us')).toBe(false);
  });

  test('asks nothing on any other context', async () => {
    protect('prod-*');
    expect(await permits('staging')).toBe(true);
    expect(showInputBox).not.toHaveBeenCalled();
  });
});

describe('deleting', () => {
  const named = { id: 'tb-triton-1', topology: 'triton', model: 'sentiment', namespace: 'models' };
  const deployment = { ...named, context: 'prod-eu' };

  test('asks for the name of a protected context each time, in place of a button', async () => {
    protect('prod-*');
    types('prod-eu');
    await protection.permits('prod-eu', 'Deploy triton.');
    types(undefined);
    await deleteDeployment({ deployment }, services);
    expect(deleted).toEqual([]);
    types('prod-eu');
    await deleteDeployment({ deployment }, services);
    expect(deleted).toEqual(['prod-eu tb-triton-1']);
    expect(showInputBox.mock.lastCall?.[0].prompt).toContain('Delete triton (sentiment) from prod-eu/models?');
    expect(showWarningMessage).not.toHaveBeenCalled();
  });

  test('asks for a button on any other, whichever is selected', async () => {
    protect('prod-*');
    showWarningMessage.mockResolvedValueOnce('Delete');
    await deleteDeployment({ deployment: { ...named, context: 'staging' } }, services);
    expect(deleted).toEqual(['staging tb-triton-1']);
    expect(showInputBox).not.toHaveBeenCalled();
  });
});

describe('Protect Context', () => {
  test("adds the row's context, else the current one, to the user's own settings", async () => {
    protect('staging');
    await protectContext({ kind: 'context', context: 'prod-us' }, services);
    await protectContext(undefined, services);
    expect(written).toEqual([
      { key: 'protectedContexts', value: ['staging', 'prod-us'], target: 1 },
      { key: 'protectedContexts', value: ['staging', 'prod-eu'], target: 1 },
    ]);
  });

  test('changes nothing where a pattern covers it already', async () => {
    protect('prod-*');
    await protectContext(undefined, services);
    expect(written).toEqual([]);
    expect(showInformationMessage.mock.lastCall?.[0]).toContain('protected already');
  });
});

describe('Unprotect Context', () => {
  test('asks, and then takes its name out', async () => {
    protect('staging', 'prod-eu');
    await unprotectContext(undefined, services);
    expect(written).toEqual([]);
    showWarningMessage.mockImplementationOnce(async () => {
      protect('staging');
      return 'Unprotect';
    });
    await unprotectContext(undefined, services);
    expect(written).toEqual([{ key: 'protectedContexts', value: ['staging'], target: 1 }]);
  });

  test('leaves a pattern that covers other contexts too, and says where it stands', async () => {
    protect('prod-*');
    await unprotectContext(undefined, services);
    expect(written).toEqual([]);
    expect(showWarningMessage.mock.lastCall?.[0]).toContain('topologyBench.protectedContexts');
  });
});
