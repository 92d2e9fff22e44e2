/** What the extension loads when it first reads a run record: much less than the engine, since a click waits for it, or a start of VS Code. */
export { cachedConfigTexts, readConfigText } from './configTexts.ts';
export { hasUnsavedRecord, listJournals, removeJournal } from './journal.ts';
export { newestFirst, openRunStore, recordText } from './store.ts';
