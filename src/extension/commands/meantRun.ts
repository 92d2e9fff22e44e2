import type { Services } from '../services.ts';
import { pickResult, runIdIn } from './results.ts';

/**
 * The ended run that a command is about: the one that it was called on; else that of the panel that has the focus, or is the only
 * one in sight; else the one that the user picks, those in sight first. undefined when the user left.
 * @param title of the question
 * @param fits tells which may be picked; all by default
 */
export async function meantRun(
  argument: unknown,
  title: string,
  services: Services,
  fits: (runId: string) => boolean = () => true,
): Promise<string | undefined> {
  const named = runIdIn(argument);
  if (named !== undefined) return named;
  const inSight = services.panels.inSight();
  const [only, ...others] = inSight;
  const isUnderWay = services.runs.active().some(({ id }) => id === only);
  if (only !== undefined && others.length === 0 && !isUnderWay) return only;
  return pickResult(services, title, 'ended', { inSight, fits });
}
