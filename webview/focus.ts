/**
 * Makes a change to the page. Who had the focus on something that the change took away, moved or disabled gets the same
 * control in its new place, or the page's heading: never the beginning of the document.
 */
export function keepFocus(page: HTMLElement, change: () => void): void {
  const focused = document.activeElement;
  // A page that has no focus must not take it from the editor.
  const isReading = focused instanceof HTMLElement && page.contains(focused) && document.hasFocus();
  if (!isReading) {
    change();
    return;
  }
  const name = nameOf(focused);
  change();
  if (document.activeElement === focused && canHaveFocus(focused)) return;
  const controls = [focused, ...page.querySelectorAll<HTMLElement>(focused.localName)];
  const same = controls.find((control) => canHaveFocus(control) && nameOf(control) === name);
  if (same === undefined) focusHeading(page);
  else same.focus({ preventScroll: true });
}

function focusHeading(page: HTMLElement): void {
  const heading = page.querySelector('h1');
  if (heading === null) return;
  heading.tabIndex = -1;
  heading.focus();
}

function nameOf(element: HTMLElement): string {
  return element.getAttribute('aria-label') ?? element.textContent;
}

function canHaveFocus(element: HTMLElement): boolean {
  return element.isConnected && element.checkVisibility() && !element.hasAttribute('disabled');
}
