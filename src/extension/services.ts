import type * as vscode from 'vscode';
import type { Baselines } from './baselines.ts';
import type { Cluster } from './cluster.ts';
import type { ConfigTexts } from './configTexts.ts';
import type { Failures } from './failures.ts';
import type { Memory } from './memory.ts';
import type { Panels } from './panel.ts';
import type { Journals } from './prepare.ts';
import type { Protection } from './protection.ts';
import type { Results } from './results.ts';
import type { Runs } from './runs.ts';

/** What the commands work with; made once, when the extension is activated. */
export interface Services {
  readonly extension: { readonly path: string; readonly version: string };
  readonly log: vscode.LogOutputChannel;
  readonly failures: Failures;
  readonly memory: Memory;
  readonly cluster: Cluster;
  readonly protection: Protection;
  readonly results: Results;
  readonly journals: Journals;
  readonly configTexts: ConfigTexts;
  readonly baselines: Baselines;
  readonly runs: Runs;
  readonly panels: Panels;
}
