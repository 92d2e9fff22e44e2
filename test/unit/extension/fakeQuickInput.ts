/**
 * Quick picks and input boxes that a test answers in advance, in the order in which they are shown. What each of them
 * showed is kept.
 */

/** What the user does: picks rows, types and accepts, goes back, or leaves. */
export type Reply = { readonly pick: readonly string[] } | { readonly type: string } | 'accept' | 'back' | 'leave';

export interface Shown {
  readonly title: string;
  readonly hint: string;
  readonly step: number | undefined;
  readonly totalSteps: number | undefined;
  readonly canGoBack: boolean;
  /** Labels of the rows that can be picked, and of those that were picked beforehand. */
  readonly rows: readonly string[];
  readonly picked: readonly string[];
  /** What stands beside the rows, and the lines that cannot be picked. */
  readonly descriptions: readonly string[];
  readonly notes: readonly string[];
  /** Of an input box: what stood in it. */
  readonly value: string;
  /** What was said of what was typed or picked, where it was not taken. */
  readonly problems: string[];
}

export const shown: Shown[] = [];
let replies: Reply[] = [];

export function reply(...next: readonly Reply[]): void {
  replies = [...next];
  shown.length = 0;
}

/** Replies that nothing asked for. */
export function unusedReplies(): readonly Reply[] {
  return replies;
}

interface Row {
  readonly label: string;
  readonly description?: string;
  readonly choice?: unknown;
}

const backButton = { back: true };
export const QuickInputButtons = { Back: backButton };

class Box {
  title = '';
  placeholder = '';
  prompt = '';
  step: number | undefined;
  totalSteps: number | undefined;
  buttons: readonly unknown[] = [];
  busy = false;
  value = '';
  validationMessage: string | undefined;
  selectedItems: readonly Row[] = [];
  activeItems: readonly Row[] = [];
  canSelectMany = false;
  readonly #isInput: boolean;
  #items: readonly Row[] = [];
  #isShown = false;
  #button: (button: unknown) => void = () => undefined;
  #accept: () => void = () => undefined;
  #hide: () => void = () => undefined;
  #changed: (text: string) => void = () => undefined;
  #selected: (items: readonly Row[]) => void = () => undefined;

  constructor(isInput: boolean) {
    this.#isInput = isInput;
  }

  onDidTriggerButton(listener: (button: unknown) => void): void {
    this.#button = listener;
  }
  onDidAccept(listener: () => void): void {
    this.#accept = listener;
  }
  onDidHide(listener: () => void): void {
    this.#hide = listener;
  }
  onDidChangeValue(listener: (text: string) => void): void {
    this.#changed = listener;
  }
  onDidChangeSelection(listener: (items: readonly Row[]) => void): void {
    this.#selected = listener;
  }

  get items(): readonly Row[] {
    return this.#items;
  }
  set items(items: readonly Row[]) {
    this.#items = items;
    if (this.#isShown) this.#answerSoon();
  }

  show(): void {
    this.#isShown = true;
    if (this.#isInput) this.#answerSoon();
  }

  dispose(): void {
    this.#isShown = false;
  }

  /** As a user does, who acts when the box is there. */
  #answerSoon(): void {
    queueMicrotask(() => {
      this.#answer();
    });
  }

  #answer(): void {
    const preset = this.canSelectMany ? this.selectedItems : this.activeItems;
    const record: Shown = {
      title: this.title,
      hint: this.#isInput ? this.prompt : this.placeholder,
      step: this.step,
      totalSteps: this.totalSteps,
      canGoBack: this.buttons.includes(backButton),
      rows: this.#items.filter((row) => row.choice !== undefined).map(labelOf),
      picked: preset.map(labelOf),
      descriptions: this.#items.filter((row) => row.choice !== undefined).map(({ description = '' }) => description),
      notes: this.#items.filter((row) => row.choice === undefined).map(labelOf),
      value: this.value,
      problems: [],
    };
    shown.push(record);
    const next = replies.shift();
    if (next === 'leave') this.#hide();
    else if (next === 'back') this.#button(backButton);
    else if (next === 'accept') {
      if (!this.canSelectMany) this.selectedItems = this.activeItems;
      this.#accept();
    } else if (next !== undefined && 'pick' in next) {
      this.#pick(next.pick, record);
    } else if (next !== undefined) {
      this.#type(next.type, record);
    } else throw new Error(`Nobody answers "${record.title}: ${record.hint}".`);
  }

  /** What was picked may be refused: then the next reply is for the same box. */
  #pick(labels: readonly string[], { problems }: Pick<Shown, 'problems'>): void {
    this.selectedItems = labels.map((label) => this.#row(label));
    this.#selected(this.selectedItems);
    const before = this.placeholder;
    this.#accept();
    if (this.placeholder === before) return;
    problems.push(this.placeholder);
    const next = replies.shift();
    if (typeof next === 'object' && 'pick' in next) this.#pick(next.pick, { problems });
  }

  /** What was typed may be refused: then the next reply is for the same box. */
  #type(text: string, { problems }: Pick<Shown, 'problems'>): void {
    this.value = text;
    this.#changed(text);
    this.#accept();
    if (this.validationMessage === undefined) return;
    problems.push(this.validationMessage);
    const next = replies.shift();
    if (next === 'leave') this.#hide();
    else if (typeof next === 'object' && 'type' in next) this.#type(next.type, { problems });
  }

  #row(label: string): Row {
    const row = this.#items.find((candidate) => labelOf(candidate) === label);
    if (row === undefined) throw new Error(`There is no "${label}" among ${this.#items.map(labelOf).join(', ')}.`);
    return row;
  }
}

export const createQuickPick = (): Box => new Box(false);
export const createInputBox = (): Box => new Box(true);

/** Without its icon. */
function labelOf({ label }: Row): string {
  return label.replace(/^\$\([\w~-]+\) /u, '');
}
