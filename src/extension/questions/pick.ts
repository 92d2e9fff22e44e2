import * as vscode from 'vscode';
import type { StepPlace } from './inTurn.ts';

/** An answer, or that the user went one step back or left. */
export type Answer<Value> =
  { readonly kind: 'value'; readonly value: Value } | { readonly kind: 'back' } | { readonly kind: 'left' };

export interface Choice<Value> {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly icon?: string;
  readonly value: Value;
  /** Chosen beforehand: focused, or ticked where several may be chosen. */
  readonly picked?: boolean;
}

/** A line that cannot be chosen, e.g. why choices are missing; it stands after them. */
export interface Note {
  readonly note: string;
  readonly detail?: string;
}

export interface Question<Value> {
  readonly title: string;
  readonly placeholder: string;
  readonly canGoBack: boolean;
  /** Of a question that is one of several. */
  readonly place?: StepPlace;
  /** May take a while; the picker shows that it is busy, and the signal ends when the user leaves. */
  choices(signal: AbortSignal): readonly (Choice<Value> | Note)[] | Promise<readonly (Choice<Value> | Note)[]>;
  /** What a text stands for that was typed, besides the choices that have it in them; it stands after them. */
  typed?(text: string): Choice<Value> | Note | undefined;
}

interface Item<Value> extends vscode.QuickPickItem {
  readonly choice?: Choice<Value>;
}

export async function pickOne<Value>(question: Question<Value>): Promise<Answer<Value>> {
  const answer = await pick(question, false);
  if (answer.kind !== 'value') return answer;
  const [value] = answer.value;
  return value === undefined ? { kind: 'left' } : { kind: 'value', value };
}

/** At least one is chosen. */
export function pickSeveral<Value>(question: Question<Value>): Promise<Answer<readonly Value[]>> {
  return pick(question, true);
}

async function pick<Value>(question: Question<Value>, several: boolean): Promise<Answer<readonly Value[]>> {
  const picker = vscode.window.createQuickPick<Item<Value>>();
  const left = new AbortController();
  picker.title = question.title;
  picker.placeholder = question.placeholder;
  picker.step = question.place?.step;
  picker.totalSteps = question.place?.totalSteps;
  picker.canSelectMany = several;
  picker.ignoreFocusOut = true;
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  if (question.canGoBack) picker.buttons = [vscode.QuickInputButtons.Back];
  try {
    return await new Promise<Answer<readonly Value[]>>((resolve, reject) => {
      picker.onDidTriggerButton(() => {
        resolve({ kind: 'back' });
      });
      picker.onDidAccept(() => {
        const values = picker.selectedItems.flatMap((item) => (item.choice === undefined ? [] : [item.choice.value]));
        if (values.length > 0) resolve({ kind: 'value', value: values });
        else if (several) {
          // A quick pick has no other place for it, and this one is read out, too.
          picker.value = '';
          picker.placeholder = vscode.l10n.t('Tick at least one.');
        }
      });
      picker.onDidChangeSelection((items) => {
        if (items.length > 0) picker.placeholder = question.placeholder;
      });
      picker.onDidHide(() => {
        resolve({ kind: 'left' });
      });
      picker.busy = true;
      picker.show();
      fill(picker, question, several, left.signal).catch(reject);
    });
  } finally {
    left.abort();
    picker.dispose();
  }
}

async function fill<Value>(
  picker: vscode.QuickPick<Item<Value>>,
  question: Question<Value>,
  several: boolean,
  signal: AbortSignal,
): Promise<void> {
  const choices = await question.choices(signal);
  if (signal.aborted) return;
  const items = choices.map(itemOf);
  picker.items = items;
  const picked = items.filter((item) => item.choice?.picked === true);
  if (several) picker.selectedItems = picked;
  else if (picked.length > 0) picker.activeItems = picked;
  picker.busy = false;
  picker.onDidChangeValue((text) => {
    const typed = text.trim() === '' ? undefined : question.typed?.(text.trim());
    if (question.typed) picker.items = typed === undefined ? items : [...items, { ...itemOf(typed), alwaysShow: true }];
  });
}

function itemOf<Value>(entry: Choice<Value> | Note): Item<Value> {
  return 'note' in entry
    ? { label: `$(info) ${entry.note}`, ...(entry.detail === undefined ? {} : { detail: entry.detail }) }
    : {
        label: entry.icon === undefined ? entry.label : `$(${entry.icon}) ${entry.label}`,
        ...(entry.description === undefined ? {} : { description: entry.description }),
        ...(entry.detail === undefined ? {} : { detail: entry.detail }),
        choice: entry,
      };
}
