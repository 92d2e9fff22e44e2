import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import { enteredGpuPrice, type EnteredGpuPrice } from '../core/gpuPrice.ts';
import type { Vantage } from '../core/plan.ts';
import type { ImagesPlan, GpuPlan } from '../core/plan.ts';
import { profileNames, type ProfileName } from '../core/profiles.ts';
import { settingDefaults, type SettingKey } from './contributions.ts';

/** The settings as they stand for a folder; package.json describes them and gives their defaults. */
export interface Settings {
  readonly codeLens: boolean;
  readonly hints: boolean;
  readonly profile: ProfileName;
  readonly cores: number;
  /** null: the namespace of the context. */
  readonly namespace: string | null;
  /** A path without "~"; null: KUBECONFIG or ~/.kube/config. */
  readonly kubeconfig: string | null;
  readonly resultsFolder: string;
  /** What becomes of runs under way. */
  readonly whenWindowCloses: 'continue' | 'stop';
  readonly vantage: Vantage;
  readonly requestTimeoutMs: number;
  /** Pods that make the load together, inside a cluster. */
  readonly generators: number;
  readonly readyTimeoutSeconds: number;
  readonly gpu: Omit<GpuPlan, 'count'>;
  readonly allowCpuProvider: boolean;
  readonly gpuPrice: EnteredGpuPrice;
  /** Of prices that name none. */
  readonly currency: string;
  /** Only what is fixed: a requirement set of "auto" is left out. */
  readonly images: Partial<ImagesPlan>;
  /** null: pip's own default. */
  readonly packageIndexUrl: string | null;
}

/**
 * A value of the wrong type, which a settings file may well hold, counts as not set (see reportWrongSettings).
 * @param scope the model config or folder that the settings are for
 */
export function readSettings(scope: vscode.Uri | undefined): Settings {
  const value = reader(scope);
  const text = (key: KeyOf<'text'>): string => value(key).trim();
  const requirements = text('images.requirements');
  const currency = orNull(text('currency')) ?? settingDefaults.currency;
  return {
    codeLens: value('codeLens.enabled'),
    profile: profileNames.find((name) => name === text('profile')) ?? settingDefaults.profile,
    hints: value('hints.enabled'),
    cores: value('cores'),
    namespace: orNull(text('namespace')),
    kubeconfig: orNull(fromHome(text('kubeconfig'))),
    resultsFolder: text('resultsFolder'),
    whenWindowCloses: text('whenWindowCloses') === 'stop' ? 'stop' : 'continue',
    vantage: text('load.vantage') === 'this-machine' ? 'this-machine' : 'in-cluster',
    requestTimeoutMs: value('load.requestTimeoutMs'),
    generators: value('load.generators'),
    readyTimeoutSeconds: value('readyTimeoutSeconds'),
    gpu: {
      resource: text('gpu.resource') === '' ? settingDefaults['gpu.resource'] : text('gpu.resource'),
      nodeSelector: { ...value('gpu.nodeSelector') },
      tolerations: value('gpu.tolerations').map((toleration) => ({ ...toleration })),
      runtimeClassName: orNull(text('gpu.runtimeClass')),
    },
    allowCpuProvider: value('allowCpuProvider'),
    gpuPrice: enteredGpuPrice(value('gpuHourPrice'), currency),
    currency,
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

/** What each type of setting is made of; plans check the values themselves. */
interface Types {
  text: string;
  number: number;
  numberOrNull: number | null;
  boolean: boolean;
  labels: Readonly<Record<string, string>>;
  names: readonly string[];
  tolerations: GpuPlan['tolerations'];
}

const fits: { readonly [Type in keyof Types]: (value: unknown) => value is Types[Type] } = {
  text: (value) => typeof value === 'string',
  number: (value): value is number => typeof value === 'number' && Number.isFinite(value),
  numberOrNull: (value): value is number | null => value === null || fits.number(value),
  boolean: (value) => typeof value === 'boolean',
  labels: isTextRecord,
  names: (value): value is readonly string[] => Array.isArray(value) && value.every(fits.text),
  tolerations: (value): value is GpuPlan['tolerations'] => Array.isArray(value) && value.every(isTextRecord),
};

const typeOf = {
  'codeLens.enabled': 'boolean',
  'hints.enabled': 'boolean',
  profile: 'text',
  cores: 'number',
  namespace: 'text',
  kubeconfig: 'text',
  protectedContexts: 'names',
  resultsFolder: 'text',
  whenWindowCloses: 'text',
  'load.vantage': 'text',
  'load.requestTimeoutMs': 'number',
  'load.generators': 'number',
  readyTimeoutSeconds: 'number',
  'gpu.resource': 'text',
  'gpu.nodeSelector': 'labels',
  'gpu.tolerations': 'tolerations',
  'gpu.runtimeClass': 'text',
  allowCpuProvider: 'boolean',
  gpuHourPrice: 'numberOrNull',
  currency: 'text',
  'images.server': 'text',
  'images.triton': 'text',
  'images.loadGenerator': 'text',
  'images.packages': 'text',
  'images.requirements': 'text',
  packageIndexUrl: 'text',
} as const satisfies Record<SettingKey, keyof Types>;

type KeyOf<Type extends keyof Types> = {
  [Key in SettingKey]: (typeof typeOf)[Key] extends Type ? Key : never;
}[SettingKey];

function reader(scope: vscode.Uri | undefined): <Key extends SettingKey>(key: Key) => Types[(typeof typeOf)[Key]] {
  const configuration = vscode.workspace.getConfiguration('topologyBench', scope ?? null);
  return <Key extends SettingKey>(key: Key) => {
    type Value = Types[(typeof typeOf)[Key]];
    const check: (value: unknown) => boolean = fits[typeOf[key]];
    const value = configuration.get<unknown>(key);
    return (check(value) ? value : settingDefaults[key]) as Value;
  };
}

/** Says in the log, once each until it is corrected, which settings have a value of the wrong type. */
export function reportWrongSettings(log: vscode.LogOutputChannel): vscode.Disposable {
  let told: ReadonlySet<SettingKey> = new Set();
  const report = (): void => {
    const wrong = new Set(wrongSettings());
    for (const key of wrong) {
      if (told.has(key)) continue;
      log.warn(`The setting topologyBench.${key} has a value of the wrong type, so its default is used.`);
    }
    told = wrong;
  };
  report();
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration('topologyBench')) report();
  });
}

/** In the window's own settings or in those of any of its folders. */
function wrongSettings(): SettingKey[] {
  const scopes = [null, ...(vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri)];
  const configurations = scopes.map((scope) => vscode.workspace.getConfiguration('topologyBench', scope));
  return (Object.keys(typeOf) as SettingKey[]).filter((key) => {
    const check: (value: unknown) => boolean = fits[typeOf[key]];
    return configurations.some((configuration) => !check(configuration.get<unknown>(key)));
  });
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

/** As a shell reads a path that begins with "~/", for VS Code hands it over as it is written. */
function fromHome(path: string): string {
  return path.replace(/^~(?=$|[/\\])/u, () => homedir());
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}

function isTextRecord(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((entry) => typeof entry === 'string')
  );
}

function image(name: 'server' | 'triton' | 'loadGenerator', value: string): Partial<ImagesPlan> {
  return value === '' ? {} : { [name]: value };
}

function isRequirementSet(value: string): value is ImagesPlan['requirements'] {
  return value === 'cpu' || value === 'cpu-numpy1' || value === 'cuda';
}
