/** Everything that needs no cluster, in one window of the oldest VS Code and one of the newest: each step begins where the one before it ended. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { drivenVersion } from './harness/drivenVersion.ts';
import { inOneWindow } from './harness/oneWindow.ts';
import { ownPackage } from './harness/package.ts';
import { makeSampleWorkspace } from './harness/sampleWorkspace.ts';
import { comparedWithABaseline } from './steps/compare.ts';
import { chosenInTheTree, followedContext, protectedContext } from './steps/contexts.ts';
import { runByKeyboard } from './steps/keyboard.ts';
import { figuresInTheLens, lensAndPaletteToTheConfirmation, lensesOfTheOtherConfigs } from './steps/lens.ts';
import { modelConfigsInADiffEditor } from './steps/modelConfigs.ts';
import { outOfTheMenu } from './steps/resultMenu.ts';
import { recordBesideTheCode, resultsOfTwoModels } from './steps/results.ts';
import { runsOfTheButtons } from './steps/runsOfTheButtons.ts';
import { restrictedMode } from './steps/trust.ts';
import { welcomeWithoutCluster } from './steps/welcome.ts';

const everyVersion = {
  lens: 'the lens and the palette lead to the confirmation of a run, and back',
  results:
    'a record opens beside the code, draws in every theme, survives a reload, makes room for another, and is deleted',
  compare: 'a run is compared with a baseline, a regression is marked, and a reload shows the comparison again',
};

describe(`on the ${drivenVersion('oldest')} VS Code`, () => {
  const test = inOneWindow('oldest', { version: 'oldest', vsix: ownPackage(), prepare: makeSampleWorkspace });
  test(everyVersion.lens, lensAndPaletteToTheConfirmation);
  test(everyVersion.results, recordBesideTheCode);
  test(everyVersion.compare, comparedWithABaseline);
});

describe(`on the ${drivenVersion('newest')} VS Code`, () => {
  const test = inOneWindow('newest', {
    version: 'newest',
    vsix: ownPackage(),
    prepare: makeSampleWorkspace,
    workspaceTrust: true,
    env: { KUBECONFIG: join(tmpdir(), `topology-bench-kubeconfig-${String(process.pid)}`) },
  });
  test('in Restricted Mode nothing is run, and trust brings the questions of a run', restrictedMode);
  test('without a kubeconfig and without results the views say where to begin, and lead there', welcomeWithoutCluster);
  test(everyVersion.lens, lensAndPaletteToTheConfirmation);
  test('the lenses of a config.json and of a plan file lead to a run of theirs', lensesOfTheOtherConfigs);
  test('a protected context shows a lock, and nothing is done on it before its name is typed', protectedContext);
  test(
    'context and namespace are chosen and protected in the tree, which says what to do where nothing answers',
    chosenInTheTree,
  );
  test(
    'a context that another program chooses in the kubeconfig is followed in the status bar and in the Cluster view',
    followedContext,
  );
  test(everyVersion.results, recordBesideTheCode);
  test(everyVersion.compare, comparedWithABaseline);
  test(
    'the model configs of two runs stand in a diff editor; where a text is gone, what the records hold of them does',
    modelConfigsInADiffEditor,
  );
  test('a result goes to the clipboard, to files and to an editor by its menu', outOfTheMenu);
  test(
    'results of two models stand by model, the newest open, and a group stays as the user left it',
    resultsOfTwoModels,
  );
  test('a run is started, watched, exported and found again by keyboard alone', runByKeyboard);
  test(
    'the figures above a config and a plan file open their result, and are stale while the file says something else',
    figuresInTheLens,
  );
  test(
    'runs are started, looked at, cancelled and started again with the buttons of trees and panel',
    runsOfTheButtons,
  );
});
