import type { Answer } from './pick.ts';

/** Where a question stands among those that are asked in turn; the first is 1. */
export interface StepPlace {
  readonly step: number;
  readonly totalSteps: number;
}

export interface Step {
  /** Whether it is asked, by the answers to those before it. */
  applies(): boolean;
  ask(where: { readonly place: StepPlace; readonly canGoBack: boolean }): Promise<'on' | 'back' | 'left'>;
}

/** Keeps an answer, and goes on; or the way that the user went instead. */
export function take<Value>(answer: Answer<Value>, keep: (value: Value) => void): 'on' | 'back' | 'left' {
  if (answer.kind !== 'value') return answer.kind;
  keep(answer.value);
  return 'on';
}

/** Asks one question after the other, with a way back from each but the first. False when the user left. */
export async function askInTurn(steps: readonly Step[]): Promise<boolean> {
  let index = 0;
  for (;;) {
    const applying = steps.filter((step) => step.applies());
    const step = applying[index];
    if (step === undefined) return true;
    const place = { step: index + 1, totalSteps: applying.length };
    const went = await step.ask({ place, canGoBack: index > 0 });
    if (went === 'left') return false;
    index += went === 'on' ? 1 : -1;
  }
}
