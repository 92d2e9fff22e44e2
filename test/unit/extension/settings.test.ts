import { homedir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { LogOutputChannel } from 'vscode';
import { profileNames } from '../../../src/core/profiles.ts';
import { settingDefaults } from '../../../src/extension/contributions.ts';
import { configurationChanged, fakeVscode, settingsOf, useDefaults } from './fakeVscode.ts';

vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode);
const { readSettings, reportWrongSettings } = await import('../../../src/extension/settings.ts');

beforeEach(() => {
  settingsOf.clear();
  useDefaults(settingDefaults);
  fakeVscode.workspace.workspaceFolders = undefined;
});

describe('a value of the wrong type counts as not set', () => {
  test.each(Object.keys(settingDefaults))('%s', (key) => {
    const asDefault = readSettings(undefined);
    for (const wrong of [null, [1], { a: 1 }, [[]], Number.NaN]) {
      settingsOf.set('', { [key]: wrong });
      expect(readSettings(undefined), `${key} = ${JSON.stringify(wrong)}`).toEqual(asDefault);
    }
  });

  test('nor does a text where a number, a switch or a list belongs', () => {
    const asDefault = readSettings(undefined);
    settingsOf.set('', { cores: 'two', allowCpuProvider: 'yes', 'gpu.tolerations': 'all', 'gpu.nodeSelector': 'any' });
    expect(readSettings(undefined)).toEqual(asDefault);
  });
});

test('values of the right type are read as they stand', () => {
  settingsOf.set('', {
    cores: 4,
    namespace: ' team-a ',
    'gpu.tolerations': [{ operator: 'Exists' }],
    'gpu.nodeSelector': { zone: 'a' },
    'codeLens.enabled': false,
  });
  const settings = readSettings(undefined);
  expect(settings).toMatchObject({ cores: 4, namespace: 'team-a', codeLens: false });
  expect(settings.gpu).toMatchObject({ tolerations: [{ operator: 'Exists' }], nodeSelector: { zone: 'a' } });
});

test.each([
  ['~/.kube/prod', join(homedir(), '.kube/prod')],
  ['~', homedir()],
  ['~other/config', '~other/config'],
  ['/etc/~/config', '/etc/~/config'],
  ['', null],
])('the kubeconfig %j is read as a shell reads it', (kubeconfig, expected) => {
  settingsOf.set('', { kubeconfig });
  expect(readSettings(undefined).kubeconfig).toBe(expected);
});

test.each(profileNames)('the profile %s can be the one that is proposed first', (profile) => {
  settingsOf.set('', { profile });
  expect(readSettings(undefined).profile).toBe(profile);
});

test('the price of a GPU-hour is a number, none, or said to be no price', () => {
  const priceOf = (settings: Record<string, unknown>) => {
    settingsOf.set('', settings);
    return readSettings(undefined).gpuPrice;
  };
  expect(priceOf({})).toEqual({ price: null, problem: null });
  expect(priceOf({ gpuHourPrice: 2.5 })).toEqual({ price: { perGpuHour: 2.5, currency: 'USD' }, problem: null });
  expect(priceOf({ gpuHourPrice: 2.5, currency: ' EUR ' }).price?.currency).toBe('EUR');
  expect(priceOf({ gpuHourPrice: 2.5, currency: '' }).price?.currency).toBe('USD');
  expect(priceOf({ gpuHourPrice: -1 })).toEqual({ price: null, problem: expect.stringContaining('not -1') as string });
  expect(priceOf({ gpuHourPrice: 2, currency: 'a euro' })).toEqual({
    price: null,
    problem: expect.stringContaining('not "a euro"') as string,
  });
});

test('wrong values are told in the log once, until they are corrected', () => {
  const lines: string[] = [];
  const log = { warn: (line: string) => lines.push(line) } as unknown as LogOutputChannel;
  const change = (settings: Record<string, unknown>): void => {
    settingsOf.set('', settings);
    configurationChanged.fire({ affectsConfiguration: () => true });
  };
  settingsOf.set('', { 'gpu.tolerations': {} });
  const report = reportWrongSettings(log);
  change({ 'gpu.tolerations': {}, namespace: null });
  change({ 'gpu.tolerations': {}, namespace: null });
  expect(lines).toEqual([
    expect.stringContaining('topologyBench.gpu.tolerations'),
    expect.stringContaining('topologyBench.namespace'),
  ]);
  change({});
  change({ namespace: null });
  expect(lines).toHaveLength(3);
  report.dispose();
});

test('a wrong value of one folder alone is told too', () => {
  const lines: string[] = [];
  fakeVscode.workspace.workspaceFolders = [{ uri: fakeVscode.Uri.file('/projects/a') }];
  settingsOf.set('/projects/a', { cores: 'many' });
  reportWrongSettings({ warn: (line: string) => lines.push(line) } as unknown as LogOutputChannel).dispose();
  expect(lines).toEqual([expect.stringContaining('topologyBench.cores')]);
});
