/** The image's repository: without tag and digest; a registry's port is no tag. */
export function withoutTag(image: string): string {
  const [named = image] = image.split('@', 1);
  return named.replace(/:[^:/]*$/, '');
}

export function isPinned(image: string): boolean {
  return /@sha256:[0-9a-f]{64}$/.test(image);
}
