import * as vscode from 'vscode';
import type { StepPlace } from './inTurn.ts';
import type { Answer } from './pick.ts';

export interface NumberLimits {
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
}

export interface NumberQuestion {
  readonly title: string;
  readonly prompt: string;
  readonly canGoBack: boolean;
  readonly place?: StepPlace;
  /** What stands in the box to begin with; undefined: nothing. */
  readonly value: number | undefined;
  /** What an empty box stands for, as it shows there. */
  readonly whenEmpty: string;
  readonly limits: NumberLimits;
}

/** Asks for a number, which is taken only when it fits; undefined of a box that was left empty. */
export async function askNumber(question: NumberQuestion): Promise<Answer<number | undefined>> {
  const box = vscode.window.createInputBox();
  box.title = question.title;
  box.prompt = question.prompt;
  box.value = question.value === undefined ? '' : String(question.value);
  box.placeholder = question.whenEmpty;
  box.ignoreFocusOut = true;
  box.step = question.place?.step;
  box.totalSteps = question.place?.totalSteps;
  if (question.canGoBack) box.buttons = [vscode.QuickInputButtons.Back];
  try {
    return await new Promise<Answer<number | undefined>>((resolve) => {
      box.onDidTriggerButton(() => {
        resolve({ kind: 'back' });
      });
      box.onDidChangeValue((text) => {
        box.validationMessage = numberIn(text, question.limits) === 'wrong' ? problemOf(question.limits) : undefined;
      });
      box.onDidAccept(() => {
        const value = numberIn(box.value, question.limits);
        if (value !== 'wrong') resolve({ kind: 'value', value });
      });
      box.onDidHide(() => {
        resolve({ kind: 'left' });
      });
      box.show();
    });
  } finally {
    box.dispose();
  }
}

function numberIn(text: string, { least, most, isWhole }: NumberLimits): number | undefined | 'wrong' {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const pattern = isWhole ? /^\d{1,9}$/u : /^\d{1,9}(\.\d{1,9})?$/u;
  const value = pattern.test(trimmed) ? Number(trimmed) : Number.NaN;
  return value >= least && value <= most ? value : 'wrong';
}

function problemOf({ least, most, isWhole }: NumberLimits): string {
  return isWhole
    ? vscode.l10n.t('A whole number from {0} to {1}.', least, most)
    : vscode.l10n.t('A number from {0} to {1}.', least, most);
}
