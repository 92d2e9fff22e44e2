import type { Failure } from '../record.ts';
import { fullStop, sentence } from './format.ts';

/** What went wrong, and what to do about it where that is known; whole sentences. */
export function failureText({ message, nextStep }: Pick<Failure, 'message' | 'nextStep'>): string {
  return [message, nextStep ?? '']
    .filter((text) => text !== '')
    .map(fullStop)
    .join(' ');
}

/** The same of one page: of an image in brief, then what to do, and last the cluster's own words, which are long. */
export function failureDetails(failure: Failure): string {
  if (!isImageFailure(failure) || failure.nextStep === null) return failureText(failure);
  return `${sentence(failureGist(failure))} ${fullStop(failure.nextStep)} In the cluster's words: ${fullStop(failure.message)}`;
}

/** What went wrong in brief, for a heading: what a node says of an image that it cannot pull takes four lines. */
export function failureGist(failure: Failure): string {
  if (!isImageFailure(failure)) return failure.message;
  const component = /^(?:Not ready after \d+ s: )?([a-z-]+): /u.exec(failure.message)?.[1];
  return component === undefined ? 'an image could not be pulled' : `the image of ${component} could not be pulled`;
}

/** Whether another image usually mends it. */
export function isImageFailure({ reason }: Pick<Failure, 'reason'>): boolean {
  return reason === 'image-unavailable';
}
