/** A workspace that is not trusted: what can be looked at, what is refused, and what trust changes. */
import { expect } from 'vitest';
import type { Drive } from '../harness/drive.ts';
import { samplePaths } from '../harness/sampleWorkspace.ts';
import { click } from '../harness/pointer.ts';
import { texts } from '../harness/texts.ts';
import { patienceMs } from '../harness/waiting.ts';

export async function restrictedMode({ workbench }: Drive): Promise<void> {
  const { quickInput, page } = workbench;
  await workbench.dialog().press("No, I don't trust the authors");
  await workbench.openFile(samplePaths.classifier);
  const refusal = workbench.notification('runs, deploys and deletes nothing from a workspace that you do not trust');
  await workbench.notifyFromCodeLens(texts.startLens, refusal);
  expect(await refusal.buttons()).toEqual(['Manage Workspace Trust']);
  await quickInput.findCommands(
    'Topology Bench: Benchmark',
    (found) => !found.includes('Topology Bench: Benchmark Topology'),
  );
  const topologies = await workbench.view('Topology Bench', 'Topologies');
  await topologies.waitForRows('the topologies', (rows) => rows.some((row) => row.startsWith('triton')));

  await refusal.press('Manage Workspace Trust');
  const isTrusted = page.locator('.workspace-trust-editor .workspace-trust-trusted');
  await click(page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first());
  await isTrusted.first().waitFor({ timeout: patienceMs });
  await workbench.showTab('config.pbtxt');
  await workbench.askFromCodeLens(texts.startLens);
  await quickInput.cancel();
}
