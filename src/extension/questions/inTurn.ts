import type { Answer } from './pick.ts';

/** Where a question stands among those that are asked in turn; the first is 1. */
export interface StepPlace {
  readonly step: number;
  readonly totalSteps: number;
}

/** How a question, or several in turn, ended: with an answer, with a wish for the one before, or not at all. */
export type Went = 'on' | 'back' | 'left';

export interface Step {
  /** It may make all others needless, so that it is not counted among them. */
  readonly isUncounted?: boolean;
  /** Whether it is asked, by the answers to those before it. */
  applies(): boolean;
  ask(where: { readonly place?: StepPlace; readonly canGoBack: boolean }): Promise<Went>;
}

/** Keeps an answer, and goes on; or the way that the user went instead. */
export function take<Value>(answer: Answer<Value>, keep: (value: Value) => void): Went {
  if (answer.kind !== 'value') return answer.kind;
  keep(answer.value);
  return 'on';
}

/**
 * Asks one question after the other, with a way back from each.
 * @param canGoBack from the first one, too, to what was asked before them
 */
export async function askInTurn(steps: readonly Step[], canGoBack: boolean): Promise<Went> {
  let index = 0;
  for (;;) {
    const applying = steps.filter((step) => step.applies());
    const step = applying[index];
    if (step === undefined) return 'on';
    const counted = applying.filter(({ isUncounted }) => isUncounted !== true);
    const place = { step: counted.indexOf(step) + 1, totalSteps: counted.length };
    const where = { ...(place.step === 0 ? {} : { place }), canGoBack: canGoBack || index > 0 };
    const went = await step.ask(where);
    if (went === 'left') return 'left';
    if (went === 'back' && index === 0) return 'back';
    index += went === 'on' ? 1 : -1;
  }
}
