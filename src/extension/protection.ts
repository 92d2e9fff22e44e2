import * as vscode from 'vscode';

/**
 * Contexts that are not to be touched by mistake. The first deployment or benchmark of a window on such a context asks for
 * its name to be typed; deleting asks each time. What was typed is forgotten when the window shows another context, and
 * when the setting changes.
 */
export class Protection {
  readonly #typed = new Set<string>();
  #shown: string | undefined;

  /**
   * Whether something may be made on a context: asks only where it is protected and its name was not typed yet.
   * @param what a question's sentence, e.g. "Deploy triton to production/models."
   */
  async permits(context: string, what: string): Promise<boolean> {
    if (!isProtected(context) || this.#typed.has(context)) return true;
    if (!(await nameTyped(context, what))) return false;
    this.#typed.add(context);
    return true;
  }

  /** Whether something may be deleted, which on a protected context asks whatever was typed before. */
  async permitsRemoval(context: string, what: string): Promise<boolean> {
    return !isProtected(context) || nameTyped(context, what);
  }

  /** Tells which context the window shows now; undefined: none. */
  shows(context: string | undefined): void {
    if (context === this.#shown) return;
    this.#shown = context;
    this.forget();
  }

  forget(): void {
    this.#typed.clear();
  }
}

/** Patterns of the user's settings. One entry that is no text takes nothing from the protection of the others. */
export function protectedPatterns(): readonly string[] {
  const value = vscode.workspace.getConfiguration('topologyBench', null).get<unknown>('protectedContexts');
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  return entries.flatMap((entry) => (typeof entry === 'string' && entry.trim() !== '' ? [entry.trim()] : []));
}

export function isProtected(context: string): boolean {
  return protectedPatterns().some((pattern) => matchesPattern(context, pattern));
}

/** Whether a name is what a pattern says, in which each `*` stands for any characters, or none. */
export function matchesPattern(name: string, pattern: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at + last.length <= name.length;
}

async function nameTyped(context: string, what: string): Promise<boolean> {
  const isName = (text: string | undefined): boolean => text?.trim() === context.trim();
  const wanted = vscode.l10n.t('Type {0} to go on.', context);
  const typed = await vscode.window.showInputBox({
    title: vscode.l10n.t('Protected Context {0}', context),
    prompt: `${what} ${wanted}`,
    ignoreFocusOut: true,
    validateInput: (text) => (isName(text) ? undefined : wanted),
  });
  return isName(typed);
}
