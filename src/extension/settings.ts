import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import type { Vantage } from '../core/plan.ts';
import type { ImagesPlan, GpuPlan } from '../core/plan.ts';
import type { ProfileName } from '../core/profiles.ts';
import { settingDefaults, type SettingKey } from './contributions.ts';

/** The settings as they stand for a folder; package.json describes them and gives their defaults. */
export interface Settings {
  readonly codeLens: boolean;
  readonly profile: ProfileName;
  readonly cores: number;
  /** null: the namespace of the context. */
  readonly namespace: string | null;
  /** null: KUBECONFIG or ~/.kube/config. */
  readonly kubeconfig: string | null;
  readonly resultsFolder: string;
  readonly vantage: Vantage;
  readonly requestTimeoutMs: number;
  readonly readyTimeoutSeconds: number;
  readonly gpu: Omit<GpuPlan, 'count'>;
  readonly allowCpuProvider: boolean;
  /** Only what is fixed: a requirement set of "auto" is left out. */
  readonly images: Partial<ImagesPlan>;
  /** null: pip's own default. */
  readonly packageIndexUrl: string | null;
}

/** @param scope the model config or folder that the settings are for */
export function readSettings(scope: vscode.Uri | undefined): Settings {
  const configuration = vscode.workspace.getConfiguration('topologyBench', scope ?? null);
  const text = (key: SettingKey): string => configuration.get<string>(key, '').trim();
  const number = (key: SettingKey): number => configuration.get<number>(key, Number(settingDefaults[key]));
  const requirements = text('images.requirements');
  return {
    codeLens: configuration.get<boolean>('codeLens.enabled', true),
    profile: text('profile') === 'standard' ? 'standard' : 'quick',
    cores: number('cores'),
    namespace: orNull(text('namespace')),
    kubeconfig: orNull(text('kubeconfig')),
    resultsFolder: text('resultsFolder'),
    vantage: text('load.vantage') === 'this-machine' ? 'this-machine' : 'in-cluster',
    requestTimeoutMs: number('load.requestTimeoutMs'),
    readyTimeoutSeconds: number('readyTimeoutSeconds'),
    gpu: {
      resource: text('gpu.resource') === '' ? settingDefaults['gpu.resource'] : text('gpu.resource'),
      nodeSelector: { ...configuration.get<Record<string, string>>('gpu.nodeSelector', {}) },
      tolerations: configuration
        .get<GpuPlan['tolerations']>('gpu.tolerations', [])
        .map((toleration) => ({ ...toleration })),
      runtimeClassName: orNull(text('gpu.runtimeClass')),
    },
    allowCpuProvider: configuration.get<boolean>('allowCpuProvider', false),
    images: {
      ...image('server', text('images.server')),
      ...image('triton', text('images.triton')),
      ...image('loadGenerator', text('images.loadGenerator')),
      packages: text('images.packages') === 'prebuilt' ? 'prebuilt' : 'install',
      ...(isRequirementSet(requirements) ? { requirements } : {}),
    },
    packageIndexUrl: orNull(text('packageIndexUrl')),
  };
}

/** Where run records go: of the folder that a model lies in, or the extension's own storage. */
export function resultsDirectory(folder: vscode.WorkspaceFolder | undefined, storage: vscode.Uri): string {
  const configured = readSettings(folder?.uri).resultsFolder;
  const base = folder?.uri.scheme === 'file' ? folder.uri.fsPath : undefined;
  if (configured !== '' && isAbsolute(configured)) return configured;
  if (base === undefined) return join(storage.fsPath, configured === '' ? 'runs' : configured);
  return join(base, ...(configured === '' ? ['.topology-bench', 'runs'] : [configured]));
}

export function openSettings(key?: SettingKey | 'images'): Thenable<unknown> {
  const query = key === undefined ? '@ext:topology-bench.topology-bench' : `topologyBench.${key}`;
  return vscode.commands.executeCommand('workbench.action.openSettings', query);
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}

function image(name: 'server' | 'triton' | 'loadGenerator', value: string): Partial<ImagesPlan> {
  return value === '' ? {} : { [name]: value };
}

function isRequirementSet(value: string): value is ImagesPlan['requirements'] {
  return value === 'cpu' || value === 'cpu-numpy1' || value === 'cuda';
}
