import { h, setText } from './dom.ts';

/** What a screen reader is told: by one region that stays, because a region that comes with its text is not read out. */
export class Announcer {
  readonly element = h('p', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  #run = '';

  /** Where the run is: said when that has changed, whatever was said meanwhile. */
  tellRun(text: string): void {
    if (text === this.#run) return;
    this.#run = text;
    this.say(text);
  }

  say(text: string): void {
    setText(this.element, text);
  }
}
