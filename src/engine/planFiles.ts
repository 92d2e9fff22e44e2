/** What the extension loads when it first sees a plan file: all that is said above, in and of one, without what carries it out. */
export { parsePlanFile } from '../core/planFile.ts';
export { planFileGpu } from '../core/planFileChoices.ts';
export { planFileCompletions, planFileHover } from '../core/planFileHelp.ts';
export { stillGives } from '../core/planFileAgain.ts';
export { planFileText } from '../core/planFileText.ts';
export { modelConfigPath } from '../models/configPath.ts';
