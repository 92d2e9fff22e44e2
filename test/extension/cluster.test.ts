/**
 * On a real cluster: what is deployed to stay, a run that is cancelled, one that is killed, and the main job; each leaves the
 * cluster as it was. In a window of the oldest VS Code, but for the main job, which the newest has.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { expectSameInventory, inventory } from '../kubernetes/support/inventory.ts';
import { deleteNamespace, makeNamespace } from '../kubernetes/support/namespaces.ts';
import type { Drive } from './harness/drive.ts';
import { drivenVersion } from './harness/drivenVersion.ts';
import { inOneWindow } from './harness/oneWindow.ts';
import { ownPackage } from './harness/package.ts';
import { makeSampleWorkspace } from './harness/sampleWorkspace.ts';
import { cancelledByThePalette } from './steps/cancelled.ts';
import { deployedFromTheTree } from './steps/deploy.ts';
import { leftBehindByAKilledRun } from './steps/leftBehind.ts';
import { paletteToNumbers } from './steps/paletteToNumbers.ts';

let namespace = '';

beforeAll(async () => {
  namespace = await makeNamespace('vscode');
});
afterAll(async () => {
  await deleteNamespace(namespace);
});

describe(`on the ${drivenVersion('oldest')} VS Code`, () => {
  const test = inOneWindow('cluster-oldest', { version: 'oldest', vsix: ownPackage(), prepare: makeSampleWorkspace });
  test(
    'a topology is deployed, looked into, asked, given its model again and deleted from the tree, and the cluster is left as it was',
    leavingNothing(deployedFromTheTree),
  );
  test(
    'the page of a run under way can be read in every theme; cancelled, it stops at once, removes what it made, and says so',
    leavingNothing(cancelledByThePalette),
  );
  test(
    'a run that is killed is told of, and what it left is removed from the title of a view',
    leavingNothing(leftBehindByAKilledRun),
  );
});

describe(`on the ${drivenVersion('newest')} VS Code`, () => {
  const test = inOneWindow('cluster-newest', { version: 'newest', vsix: ownPackage(), prepare: makeSampleWorkspace });
  test(
    'from the palette to the numbers of three topologies on a cluster, which is left as it was',
    leavingNothing(paletteToNumbers),
  );
});

function leavingNothing(steps: (drive: Drive, namespace: string) => Promise<void>): (drive: Drive) => Promise<void> {
  return async (drive) => {
    const before = await inventory();
    await steps(drive, namespace);
    await expectSameInventory(before);
  };
}
