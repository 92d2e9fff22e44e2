/**
 * A text that may be kept in a record: addresses and home folders are blotted out, because a record is shared and messages
 * from pip, the file system or a pod's log may name servers and users.
 */
export function withoutPrivate(text: string): string {
  return text
    .replace(/\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'<>)\],;]+/giu, '(address)')
    .replace(/(?:\/home\/|\/Users\/|[A-Za-z]:\\Users\\)[^/\\\s"']+/gu, '~')
    .replace(/\/root(?=\/)/gu, '~');
}
