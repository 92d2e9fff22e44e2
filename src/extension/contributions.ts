import { defaultCurrency } from '../core/gpuPrice.ts';

/**
 * Every id, setting and context key that package.json contributes: the one place they are spelled. A unit test compares
 * package.json with these tables.
 */

export const viewContainerId = 'topologyBench';
export const languageId = 'triton-model-config';
export const panelType = 'topologyBench.panel';
export const walkthroughId = 'topologyBench.start';

export const viewIds = {
  cluster: 'topologyBench.cluster',
  topologies: 'topologyBench.topologies',
  results: 'topologyBench.results',
} as const;

/** Command titles as they stand in package.nls.json, in the category "Topology Bench". */
export const commandTitles = {
  'topologyBench.benchmark': 'Benchmark Topology',
  'topologyBench.benchmarkAgain': 'Benchmark Again',
  'topologyBench.cancelRun': 'Cancel Run',
  'topologyBench.deploy': 'Deploy Topology',
  'topologyBench.deleteDeployment': 'Delete Deployment',
  'topologyBench.showLogs': 'Show Deployment Logs',
  'topologyBench.copyEndpoint': 'Copy Endpoint',
  'topologyBench.sendSampleRequest': 'Send a Sample Request',
  'topologyBench.uploadModelAgain': 'Upload Model Again',
  'topologyBench.openResults': 'Open Results',
  'topologyBench.openRecord': 'Open Record as JSON',
  'topologyBench.saveAsPlan': 'Save as Plan…',
  'topologyBench.deleteResult': 'Delete Result',
  'topologyBench.exportResult': 'Export Result…',
  'topologyBench.exportCsv': 'Export as CSV…',
  'topologyBench.exportJson': 'Export as JSON…',
  'topologyBench.exportHtml': 'Export as HTML Report…',
  'topologyBench.copyMarkdown': 'Copy as Markdown',
  'topologyBench.compareWith': 'Compare with…',
  'topologyBench.compareSelected': 'Compare Selected',
  'topologyBench.compareWithBaseline': 'Compare with Baseline',
  'topologyBench.pinBaseline': 'Pin as Baseline',
  'topologyBench.unpinBaseline': 'Unpin Baseline',
  'topologyBench.cleanUp': 'Clean Up',
  'topologyBench.refresh': 'Refresh',
  'topologyBench.selectContext': 'Select Kubernetes Context',
  'topologyBench.selectNamespace': 'Select Namespace',
  'topologyBench.chooseKubeconfig': 'Choose Kubeconfig…',
  'topologyBench.protectContext': 'Protect Context',
  'topologyBench.unprotectContext': 'Unprotect Context',
  'topologyBench.setGpuPrice': 'Set GPU Price',
  'topologyBench.openSettings': 'Open Settings',
  'topologyBench.showOutput': 'Show Log',
} as const;

export type CommandId = keyof typeof commandTitles;

/** Keys of `when` clauses, set by setContext. */
export const contextKeys = {
  /** See ClusterState; not set before the kubeconfig was read. */
  clusterState: 'topologyBench.clusterState',
  /** True once the results folder was read and held no record. */
  noResults: 'topologyBench.noResults',
  /** True while a benchmark is queued or under way in this window. */
  running: 'topologyBench.running',
  /** Paths of the configs that were a text classifier's when they were last seen in an editor. */
  modelConfigs: 'topologyBench.modelConfigs',
  /** True once a panel of this window has shown an ended run; ticks a step of the walkthrough. */
  resultsSeen: 'topologyBench.resultsSeen',
  /** True once a panel of this window has shown two runs beside each other; ticks a step of the walkthrough. */
  comparisonSeen: 'topologyBench.comparisonSeen',
} as const;

/** What the Cluster view has to show: no kubeconfig, one in which no context is chosen, or rows. */
export type ClusterState = 'missing' | 'unselected' | 'shown';

/** `contextValue` of tree nodes, which menus in package.json match; several are joined by a dot. */
export const nodeContexts = {
  context: 'context',
  protectedContext: 'context.protected',
  namespace: 'namespace',
  liveRun: 'liveRun',
  topology: 'topology',
  deployment: 'deployment',
  deploymentWithoutModel: 'deployment.modelMissing',
  result: 'result',
  /** A result whose model has another run as its baseline. */
  resultBesideBaseline: 'result.besideBaseline',
  baseline: 'result.baseline',
  /** Joined to one of these three: what the run was started with is still known. */
  canRunAgain: 'again',
  unreadableResult: 'result.unreadable',
  /** Not "result...": menus of results must not match it. */
  resultGroup: 'model.results',
  problem: 'problem',
  /** A problem that a setting usually mends. */
  problemOfSetting: 'problem.setting',
} as const;

/** Settings below "topologyBench.", with their defaults. */
export const settingDefaults = {
  'codeLens.enabled': true,
  'hints.enabled': true,
  profile: 'quick',
  cores: 2,
  namespace: '',
  kubeconfig: '',
  protectedContexts: [],
  resultsFolder: '',
  whenWindowCloses: 'continue',
  'load.vantage': 'in-cluster',
  'load.requestTimeoutMs': 10_000,
  'load.generators': 1,
  readyTimeoutSeconds: 900,
  'gpu.resource': 'nvidia.com/gpu',
  'gpu.nodeSelector': {},
  'gpu.tolerations': [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
  'gpu.runtimeClass': 'nvidia',
  allowCpuProvider: false,
  gpuHourPrice: null,
  currency: defaultCurrency,
  'images.server': 'docker.io/library/python:3.12-slim',
  'images.triton': 'nvcr.io/nvidia/tritonserver:26.07-py3',
  'images.loadGenerator': 'docker.io/library/node:24-slim',
  'images.packages': 'install',
  'images.requirements': 'auto',
  packageIndexUrl: '',
} as const;

export type SettingKey = keyof typeof settingDefaults;

/** Settings that an untrusted workspace may not decide: they name code that runs, or where it runs. */
export const restrictedSettings: readonly SettingKey[] = [
  'namespace',
  'kubeconfig',
  'resultsFolder',
  'gpu.resource',
  'gpu.nodeSelector',
  'gpu.tolerations',
  'gpu.runtimeClass',
  'allowCpuProvider',
  'images.server',
  'images.triton',
  'images.loadGenerator',
  'images.packages',
  'images.requirements',
  'packageIndexUrl',
];
