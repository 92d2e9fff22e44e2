import type { Failure } from '../record.ts';
import { fullStop } from './format.ts';

/** What went wrong, and what to do about it where that is known; whole sentences. */
export function failureText({ message, nextStep }: Pick<Failure, 'message' | 'nextStep'>): string {
  return [message, nextStep ?? '']
    .filter((text) => text !== '')
    .map(fullStop)
    .join(' ');
}
