/** On a real cluster, in one window: what is deployed to stay, the main job, and a run that is cancelled; each leaves the cluster as it was. */
import { afterAll, beforeAll } from 'vitest';
import { expectSameInventory, inventory } from '../kubernetes/support/inventory.ts';
import { deleteNamespace, makeNamespace } from '../kubernetes/support/namespaces.ts';
import type { Drive } from './harness/drive.ts';
import { inOneWindow } from './harness/oneWindow.ts';
import { ownPackage } from './harness/package.ts';
import { makeSampleWorkspace } from './harness/sampleWorkspace.ts';
import { cancelledByThePalette } from './steps/cancelled.ts';
import { deployedFromTheTree } from './steps/deploy.ts';
import { paletteToNumbers } from './steps/paletteToNumbers.ts';

let namespace = '';

beforeAll(async () => {
  namespace = await makeNamespace('vscode');
});
afterAll(async () => {
  await deleteNamespace(namespace);
});
const test = inOneWindow('cluster', { version: 'newest', vsix: ownPackage(), prepare: makeSampleWorkspace });

test(
  'a topology is deployed, looked into, asked and deleted from the tree, and the cluster is left as it was',
  leavingNothing(deployedFromTheTree),
);
test(
  'from the palette to the numbers of three topologies on a cluster, which is left as it was',
  leavingNothing(paletteToNumbers),
);
test('a cancelled run stops at once, removes what it made, and says so', leavingNothing(cancelledByThePalette));

function leavingNothing(steps: (drive: Drive, namespace: string) => Promise<void>): (drive: Drive) => Promise<void> {
  return async (drive) => {
    const before = await inventory();
    await steps(drive, namespace);
    await expectSameInventory(before);
  };
}
