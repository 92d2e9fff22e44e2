import * as vscode from 'vscode';
import type { Followed } from '../cluster.ts';
import { pickOne, type Answer, type Choice, type Note } from './pick.ts';

export interface KnownOfNamespaces {
  readonly context: string;
  /** Those that are there; undefined: they cannot be listed. */
  readonly names: readonly string[] | undefined;
  /** undefined: none is, so that settings and kubeconfig decide. */
  readonly selected: string | undefined;
  /** What those say. */
  readonly followed: string;
  readonly elsewhere: Followed['elsewhere'];
}

/** Asks for a namespace, which need not exist. undefined as answer: whichever settings and kubeconfig say. */
export function askNamespace(known: KnownOfNamespaces): Promise<Answer<string | undefined>> {
  return known.names === undefined ? typeNamespace(known) : pickNamespace(known, known.names);
}

const namespacePattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

async function pickNamespace(
  { context, selected, followed, elsewhere }: KnownOfNamespaces,
  names: readonly string[],
): Promise<Answer<string | undefined>> {
  const follow: Choice<Selection> = {
    label: vscode.l10n.t('Follow settings and context'),
    description: [vscode.l10n.t('{0} now', followed), ...folders(elsewhere)].join(' · '),
    icon: 'sync',
    value: { namespace: undefined },
    picked: selected === undefined,
  };
  const others = names.filter((name) => name !== selected);
  const answer = await pickOne<Selection>({
    title: vscode.l10n.t('Select Namespace'),
    placeholder: vscode.l10n.t('Which namespace of {0}? One that does not exist yet can be typed.', context),
    canGoBack: false,
    choices: () => [
      ...(selected === undefined ? [] : [{ ...choiceOf(selected, names), picked: true }]),
      follow,
      ...others.map((name) => choiceOf(name, names)),
    ],
    typed: (text) => (names.includes(text) || text === selected ? undefined : typedChoice(text, names)),
  });
  return answer.kind === 'value' ? { kind: 'value', value: answer.value.namespace } : answer;
}

interface Selection {
  readonly namespace: string | undefined;
}

function typedChoice(text: string, names: readonly string[]): Choice<Selection> | Note {
  return namespacePattern.test(text) ? choiceOf(text, names) : { note: nameRule() };
}

function choiceOf(name: string, names: readonly string[]): Choice<Selection> {
  return {
    label: name,
    icon: 'symbol-namespace',
    value: { namespace: name },
    ...(names.includes(name)
      ? {}
      : { description: vscode.l10n.t('does not exist yet; it is made only when you say so') }),
  };
}

function nameRule(): string {
  return vscode.l10n.t('A namespace has lower-case letters, digits and "-", at most 63 characters.');
}

async function typeNamespace({
  context,
  selected,
  followed,
  elsewhere,
}: KnownOfNamespaces): Promise<Answer<string | undefined>> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Select Namespace'),
    prompt: [
      vscode.l10n.t(
        'Namespace that topologies are deployed to on {0}. Empty: follow the setting topologyBench.namespace, else the context, which is {1} now.',
        context,
        followed,
      ),
      ...folders(elsewhere),
    ].join(' '),
    placeHolder: vscode.l10n.t('{0}, as settings and context say', followed),
    value: selected ?? '',
    validateInput: (typed) =>
      typed.trim() === '' || namespacePattern.test(typed.trim())
        ? undefined
        : vscode.l10n.t('{0} Empty: follow settings and context.', nameRule()),
  });
  if (text === undefined) return { kind: 'left' };
  return { kind: 'value', value: text.trim() === '' ? undefined : text.trim() };
}

function folders(elsewhere: Followed['elsewhere']): string[] {
  return elsewhere.map(({ folder, namespace }) =>
    vscode.l10n.t('Models of the folder {0} then go to {1}.', folder, namespace),
  );
}
