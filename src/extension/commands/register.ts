import * as vscode from 'vscode';
import { BenchError } from '../../core/errors.ts';
import { setContextKey } from '../contextKeySetting.ts';
import { contextKeys, type CommandId, settingDefaults, type SettingKey } from '../contributions.ts';
import { settingThatMends } from '../failures.ts';
import { pickOne } from '../questions/pick.ts';
import type { Services } from '../services.ts';
import { openSettings } from '../settings.ts';
import { benchmarkAgain, benchmarkCommand } from './benchmark.ts';
import { cleanUp } from './cleanUp.ts';
import { chooseKubeconfig, selectContext, selectNamespace } from './cluster.ts';
import { compareSelected, compareWith, compareWithBaseline, pinBaseline, unpinBaseline } from './compare.ts';
import { deleteResult } from './deleteResult.ts';
import { deployTopology } from './deploy.ts';
import { copyEndpoint, deleteDeployment, sendSampleRequest, showLogs, uploadModelAgain } from './deployments.ts';
import { copyMarkdown, exportAs, exportResult } from './export.ts';
import { setGpuPrice } from './gpuPrice.ts';
import { protectContext, unprotectContext } from './protect.ts';
import { openRecord, openResults, runIdIn } from './results.ts';
import { saveAsPlan } from './saveAsPlan.ts';

/** What each command does, and what it was doing when it failed. */
type Handlers = Readonly<
  Record<
    CommandId,
    {
      readonly doing: string;
      /** @param selected of a tree where several may be selected: all of them, the argument included */
      readonly run: (argument: unknown, selected: unknown) => Promise<unknown>;
    }
  >
>;

/** @param selectedResults nodes of the Results view: what a key is meant for */
export function registerCommands(
  services: Services,
  refresh: () => void,
  selectedResults: () => readonly unknown[],
): vscode.Disposable {
  const handlers: Handlers = {
    'topologyBench.benchmark': {
      doing: 'starting the benchmark',
      run: (argument) => benchmarkCommand(argument, services),
    },
    'topologyBench.benchmarkAgain': {
      doing: 'starting the benchmark',
      run: (argument) => benchmarkAgain(argument, services),
    },
    'topologyBench.cancelRun': { doing: 'cancelling the run', run: (argument) => cancelRun(argument, services) },
    'topologyBench.deploy': { doing: 'deploying the topology', run: (argument) => deployTopology(argument, services) },
    'topologyBench.deleteDeployment': {
      doing: 'deleting the deployment',
      run: (argument) => deleteDeployment(argument, services),
    },
    'topologyBench.showLogs': { doing: 'reading the logs', run: (argument) => showLogs(argument, services) },
    'topologyBench.copyEndpoint': {
      doing: 'copying the endpoint',
      run: (argument) => copyEndpoint(argument, services),
    },
    'topologyBench.sendSampleRequest': {
      doing: 'sending a sample request',
      run: (argument) => sendSampleRequest(argument, services),
    },
    'topologyBench.uploadModelAgain': {
      doing: 'uploading the model',
      run: (argument) => uploadModelAgain(argument, services),
    },
    'topologyBench.openResults': { doing: 'opening the results', run: (argument) => openResults(argument, services) },
    'topologyBench.openRecord': { doing: 'opening the run record', run: (argument) => openRecord(argument, services) },
    'topologyBench.saveAsPlan': { doing: 'saving the plan', run: (argument) => saveAsPlan(argument, services) },
    'topologyBench.deleteResult': {
      doing: 'deleting the result',
      run: (argument, selected) =>
        deleteResult(argument, argument === undefined ? selectedResults() : selected, services),
    },
    'topologyBench.exportResult': {
      doing: 'exporting the result',
      run: (argument) => exportResult(argument, services),
    },
    'topologyBench.exportCsv': {
      doing: 'exporting the result',
      run: (argument) => exportAs('csv', argument, services),
    },
    'topologyBench.exportJson': {
      doing: 'exporting the result',
      run: (argument) => exportAs('json', argument, services),
    },
    'topologyBench.exportHtml': {
      doing: 'exporting the result',
      run: (argument) => exportAs('html', argument, services),
    },
    'topologyBench.copyMarkdown': {
      doing: 'copying the result',
      run: (argument) => copyMarkdown(argument, services),
    },
    'topologyBench.compareWith': { doing: 'comparing the runs', run: (argument) => compareWith(argument, services) },
    'topologyBench.compareSelected': {
      doing: 'comparing the runs',
      run: (_argument, selected) => compareSelected(selected, services),
    },
    'topologyBench.compareWithBaseline': {
      doing: 'comparing the run with the baseline',
      run: (argument) => compareWithBaseline(argument, services),
    },
    'topologyBench.pinBaseline': { doing: 'pinning the baseline', run: (argument) => pinBaseline(argument, services) },
    'topologyBench.unpinBaseline': {
      doing: 'unpinning the baseline',
      run: (argument) => unpinBaseline(argument, services),
    },
    'topologyBench.cleanUp': { doing: 'cleaning up', run: (argument) => cleanUp(argument, services) },
    'topologyBench.refresh': {
      doing: 'refreshing',
      run: async () => {
        refresh();
      },
    },
    'topologyBench.selectContext': { doing: 'choosing a context', run: () => selectContext(services) },
    'topologyBench.selectNamespace': { doing: 'choosing a namespace', run: () => selectNamespace(services) },
    'topologyBench.chooseKubeconfig': { doing: 'choosing a kubeconfig', run: () => chooseKubeconfig() },
    'topologyBench.protectContext': {
      doing: 'protecting the context',
      run: (argument) => protectContext(argument, services),
    },
    'topologyBench.unprotectContext': {
      doing: 'unprotecting the context',
      run: (argument) => unprotectContext(argument, services),
    },
    'topologyBench.setGpuPrice': { doing: 'setting the price of a GPU', run: () => setGpuPrice() },
    'topologyBench.openSettings': {
      doing: 'opening the settings',
      run: async (argument) => openSettings(settingIn(argument)),
    },
    'topologyBench.showOutput': {
      doing: 'showing the log',
      run: async () => {
        services.log.show();
      },
    },
  };
  const running = services.runs.onDidChange(() => {
    void setContextKey(contextKeys.running, services.runs.active().length > 0);
  });
  const registered = Object.entries(handlers).map(([id, { doing, run }]) =>
    vscode.commands.registerCommand(id, async (argument: unknown, selected: unknown) => {
      try {
        await run(argument, selected);
      } catch (error) {
        services.failures.show(error, doing, () => {
          void vscode.commands.executeCommand(id, argument, selected);
        });
      }
    }),
  );
  return vscode.Disposable.from(running, ...registered);
}

async function cancelRun(argument: unknown, { runs }: Services): Promise<void> {
  const active = runs.active();
  const [first] = active;
  let runId = runIdIn(argument) ?? (active.length === 1 ? first?.id : undefined);
  if (runId === undefined && active.length > 1) {
    const answer = await pickOne<string>({
      title: vscode.l10n.t('Cancel Run'),
      placeholder: vscode.l10n.t('Which run?'),
      canGoBack: false,
      choices: () => active.map((run) => ({ label: run.subject, description: run.id, value: run.id })),
    });
    if (answer.kind === 'value') runId = answer.value;
  }
  if (runId !== undefined) runs.cancel(runId);
}

/** Of a setting's name, or of a row that says what is wrong. */
function settingIn(argument: unknown): SettingKey | 'images' | undefined {
  if (typeof argument === 'object' && argument !== null && 'problem' in argument) {
    return argument.problem instanceof BenchError ? settingThatMends(argument.problem.reason) : undefined;
  }
  if (typeof argument !== 'string') return undefined;
  const key = argument.replace(/^topologyBench\./, '');
  return key in settingDefaults ? (key as SettingKey) : undefined;
}
