import * as vscode from 'vscode';
import type { contextKeys } from './contributions.ts';

/** What VS Code was told last, as JSON, by key. */
const told = new Map<string, string | undefined>();

/** Tells VS Code a key of `when` clauses, which has it look at every menu anew: only when it is another value than before. */
export async function setContextKey(
  key: (typeof contextKeys)[keyof typeof contextKeys],
  value: unknown,
): Promise<void> {
  const text: string | undefined = JSON.stringify(value);
  if (told.has(key) && told.get(key) === text) return;
  told.set(key, text);
  await vscode.commands.executeCommand('setContext', key, value);
}
