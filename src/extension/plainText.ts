/**
 * A text of others (a name, an event, a log line) for a dialog or a notification, where VS Code would turn "[x](command:y)"
 * into a link that runs a command.
 */
export function plainText(text: string): string {
  return text.replaceAll('](', '] (');
}
