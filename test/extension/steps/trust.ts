/** A workspace that is not trusted: what can be looked at, what is refused, and what trust changes. */
import { expect } from 'vitest';
import type { Drive } from '../harness/drive.ts';
import { samplePaths } from '../harness/sampleWorkspace.ts';
import { texts } from '../harness/texts.ts';

export async function restrictedMode({ workbench }: Drive): Promise<void> {
  const { quickInput, page } = workbench;
  await workbench.dialog().press("No, I don't trust the authors");
  await workbench.openFile(samplePaths.classifier);
  await workbench.clickCodeLens(texts.startLens);
  const refusal = workbench.notification('runs, deploys and deletes nothing from a workspace that you do not trust');
  expect(await refusal.buttons()).toEqual(['Manage Workspace Trust']);
  expect(await quickInput.findCommands('Topology Bench: Benchmark')).not.toContain(
    'Topology Bench: Benchmark Topology',
  );
  const topologies = await workbench.view('Topology Bench', 'Topologies');
  await topologies.waitForRows('the topologies', (rows) => rows.some((row) => row.startsWith('triton')));

  await refusal.press('Manage Workspace Trust');
  await page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first().click();
  await page.locator('.workspace-trust-editor.trusted, .workspace-trust-editor .trusted').first().waitFor();
  await workbench.showTab('config.pbtxt');
  await workbench.askFromCodeLens(texts.startLens);
  await quickInput.cancel();
}
