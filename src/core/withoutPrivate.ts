/**
 * A text that may be kept in a record: addresses and home folders are blotted out, because a record is shared and messages
 * from pip, the file system or a pod's log may name servers and users.
 */
export function withoutPrivate(text: string): string {
  return (
    text
      .replace(/\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s"'<>)\],;]+/giu, '(address)')
      // As pip, Go's resolver and its dialer name the server that they could not reach.
      .replace(/\b(host=)(['"])[^'"]*\2(, port=\d+)?/giu, '$1(address)')
      .replace(
        /\b(lookup|resolve|connect(?:ion)? to|dial (?:tcp|udp)) '?(?!lookup\b)[\w.:[\]-]*[.:][\w.:[\]-]*[\w\]]'?/giu,
        '$1 (address)',
      )
      .replace(/\b(lookup|resolve) '?[\w-]+'?(?= on \d)/giu, '$1 (address)')
      .replace(
        /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH) [\w.:[\]-]*[.:\d][\w.:[\]-]*[\w\]]/gu,
        '$1 (address)',
      )
      .replace(/\b(ENOTFOUND|EAI_AGAIN) [\w-]+/gu, '$1 (address)')
      .replace(/(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![\w.])/gu, '(address)')
      .replace(/\[(?=[^\]]*::|(?:[0-9a-f]+:){7})[0-9a-f:]+\](?::\d+)?/giu, '(address)')
      .replace(/(?:\/home\/|\/Users\/|[A-Za-z]:\\Users\\)[^/\\\s"']+/gu, '~')
      .replace(/\/root(?=\/)/gu, '~')
  );
}
