import * as vscode from 'vscode';
import { defaultSloP95Ms, profileNames, type ProfileName } from '../../core/profiles.ts';
import { profileSummary } from '../describe.ts';
import type { StepPlace } from './inTurn.ts';
import { askNumber } from './number.ts';
import { pickOne, type Answer } from './pick.ts';

/** How much load. */
export interface LoadChoice {
  readonly profile: ProfileName;
  /** Turns of each topology; undefined: as many as the profile has. */
  readonly repetitions: number | undefined;
}

interface Asking {
  readonly title: string;
  readonly canGoBack: boolean;
  readonly place?: StepPlace;
}

/** Which profile; and, where the user wants to say it, how many turns of each topology. */
export async function askLoad(asking: Asking, proposed: LoadChoice): Promise<Answer<LoadChoice>> {
  let { repetitions } = proposed;
  for (;;) {
    const answer = await pickOne<ProfileName | 'turns'>({
      ...asking,
      placeholder: vscode.l10n.t('How much load?'),
      choices: () => [
        ...profileNames.map((profile) => ({
          label: profile,
          detail: profileSummary(profile, repetitions),
          value: profile,
          picked: profile === proposed.profile,
        })),
        {
          label: vscode.l10n.t('Turns of each topology…'),
          description:
            repetitions === undefined
              ? vscode.l10n.t('as the profile has them')
              : vscode.l10n.t('{0}, whatever the profile has', repetitions),
          detail: vscode.l10n.t('With several, the intervals hold what changes from one deployment to the next.'),
          icon: 'sync',
          value: 'turns' as const,
        },
      ],
    });
    if (answer.kind !== 'value') return answer;
    if (answer.value !== 'turns') return { kind: 'value', value: { profile: answer.value, repetitions } };
    const turns = await askTurns(asking, repetitions);
    if (turns.kind === 'left') return turns;
    if (turns.kind === 'value') repetitions = turns.value;
  }
}

function askTurns(asking: Asking, repetitions: number | undefined): Promise<Answer<number | undefined>> {
  return askNumber({
    ...asking,
    canGoBack: true,
    prompt: vscode.l10n.t('How often is each topology deployed and measured? Empty: as often as the profile says.'),
    value: repetitions,
    whenEmpty: vscode.l10n.t('as the profile has them'),
    limits: { least: 1, most: 50, isWhole: true },
  });
}

/** Which p95 the search of the profile "server" must keep, in milliseconds; undefined: the profile's own. */
export function askBound(asking: Asking, proposed: number | undefined): Promise<Answer<number | undefined>> {
  return askNumber({
    ...asking,
    prompt: vscode.l10n.t(
      'Under which p95, in milliseconds, is the highest rate searched? Empty: {0} ms.',
      defaultSloP95Ms,
    ),
    value: proposed,
    whenEmpty: String(defaultSloP95Ms),
    limits: { least: 0.1, most: 600_000, isWhole: false },
  });
}
