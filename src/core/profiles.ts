import type { Phase } from './plan.ts';

export const profileNames = ['quick', 'standard'] as const;
export type ProfileName = (typeof profileNames)[number];

/** Each level starts with this much load of its own that is dropped, so that no level pays for the step up. */
const levelWarmUpSeconds = 1;

/** The phases of a named profile; connections climb geometrically. */
export function profilePhases(profile: ProfileName): Phase[] {
  switch (profile) {
    case 'quick':
      return ladder({ warmUpSeconds: 5, seconds: 5, levels: [1, 8, 32] });
    case 'standard':
      return ladder({ warmUpSeconds: 10, seconds: 20, levels: [1, 2, 4, 8, 16, 32, 64] });
  }
}

function ladder(shape: { warmUpSeconds: number; seconds: number; levels: readonly number[] }): Phase[] {
  const highest = Math.max(...shape.levels);
  const phases: Phase[] = [
    { name: 'warm-up', kind: 'warm-up', loop: 'closed', connections: highest, durationSeconds: shape.warmUpSeconds },
  ];
  for (const connections of shape.levels) {
    phases.push({
      name: `warm-up c${String(connections)}`,
      kind: 'warm-up',
      loop: 'closed',
      connections,
      durationSeconds: levelWarmUpSeconds,
    });
    phases.push({
      name: `c${String(connections)}`,
      kind: 'measured',
      loop: 'closed',
      connections,
      durationSeconds: shape.seconds,
    });
  }
  return phases;
}
