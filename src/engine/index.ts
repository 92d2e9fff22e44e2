/** What the extension loads when it first needs the engine, and what the command line is made of. */
export { openAssets } from '../assets/assets.ts';
export { reportPage } from '../assets/report.ts';
export { benchmark } from '../core/benchmark.ts';
export { parseModel } from '../core/model.ts';
export { planFileChoices } from '../core/planFileChoices.ts';
export { poolsOf } from '../core/pools.ts';
export { checkPlan, estimateSeconds, makePlan } from '../core/planning.ts';
export { recordCsv } from '../core/view/csv.ts';
export { recordMarkdown } from '../core/view/markdown.ts';
export { sha256 } from '../hashes/sha256.ts';
export { createLoadDriver } from '../load/driver.ts';
export { lookAtMachine, type LookedAt } from '../local/prepare.ts';
export { createLocalTarget } from '../local/target.ts';
export { findModelTokenizer, resolveModel } from '../models/resolve.ts';
export { claimsDirectory, dropClaim, passClaim, takeTurn } from '../runs/claims.ts';
export { keepConfigText } from '../runs/configTexts.ts';
export { beginHold, releaseHold, takeHold } from '../runs/hold.ts';
export {
  appendToJournal,
  askToStop,
  hasUnsavedRecord,
  isAskedToStop,
  journalPath,
  listJournals,
  removeJournal,
} from '../runs/journal.ts';
export { openRunStore, parseRecord, saveElsewhere } from '../runs/store.ts';
export { newRunId, systemClock, thisMachine } from './host.ts';
export { isRunning, lastWords, startRunner, watchRunner, processOf } from './runner.ts';
