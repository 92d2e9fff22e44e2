import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { defaultCacheDirectory } from '../assets/cacheDirectory.ts';
import { throwIfCancelled } from '../core/errors.ts';
import { hasCode } from './fileErrors.ts';
import { machineId } from './machineId.ts';

/**
 * Which runs of this user are under way on this machine or from it, and what they use up: a file each, that names the run's
 * process, so that whoever starts a run that would use the same waits for its turn. A claim whose process is gone counts for
 * nothing and is taken away: a killed run keeps nobody waiting.
 */
const claimSchema = z.object({
  runId: z.string().regex(/^[\w-]+$/),
  /** Keys of what the run uses up (see core/pools.ts). */
  pools: z.array(z.string()),
  /** Name of the model or endpoint. */
  subject: z.string(),
  door: z.enum(['VS Code', 'the command line']),
  /** Name of the workspace, or of the folder that the command line was started in; null: none. */
  folder: z.string().nullable(),
  /** Homes may be shared by machines, and a process is of one of them. */
  machine: z.string(),
  pid: z.number().int().positive(),
  /** Tells its process apart from a later one with its id; null where that cannot be had. */
  startedAt: z.string().nullable(),
  /** From when on it was under way, or waited for its turn. */
  since: z.iso.datetime(),
  isUnderWay: z.boolean(),
});
export type Claim = z.infer<typeof claimSchema>;

/** A process, told apart from a later one with its id. */
export type ClaimProcess = Pick<Claim, 'pid' | 'startedAt'>;

/** What is said of a run before its turn. */
export type Claimant = Omit<Claim, 'machine' | 'since' | 'isUnderWay'>;

export interface TurnOptions {
  /** Whether a claim's process is there. */
  readonly isAlive: (other: ClaimProcess) => Promise<boolean>;
  /** Told at each look whose turn it is; what it throws ends the wait. */
  readonly waits: (other: Claim) => void;
  readonly signal: AbortSignal;
}

const lookEveryMs = 1000;
const waiting = 'the run waited for another one';

/** Another folder for those whose runs have nothing to do with each other, such as tests side by side. */
export function claimsDirectory(): string {
  return process.env['TOPOLOGY_BENCH_UNDER_WAY'] ?? join(defaultCacheDirectory(), 'under-way');
}

/**
 * Waits until nobody who came earlier uses any of these pools.
 *
 * Claims stand in a line: each takes the next number first and looks at the others then, so that of two that come at the same
 * time at least the later one sees the other. One that finds a claim behind it at its first look goes to the end once more:
 * that one may have looked before it came.
 * @returns the claim's path, for dropClaim or passClaim
 * @throws BenchError cancelled, what `waits` throws, or what the file system says; then there is no claim
 */
export async function takeTurn(directory: string, claimant: Claimant, options: TurnOptions): Promise<string> {
  const { isAlive, waits, signal } = options;
  const claim = { ...claimant, machine: await machineId(), since: new Date().toISOString(), isUnderWay: false };
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let place = await placeAtEnd(directory, claim);
  try {
    let others = await rivalsOf(directory, claim, isAlive);
    while (others.some((other) => isBefore(place, other.place))) {
      await dropClaim(pathOf(directory, place));
      place = await placeAtEnd(directory, claim);
      others = await rivalsOf(directory, claim, isAlive);
    }
    const isEarlier = (other: Rival): boolean => isBefore(other.place, place);
    for (let first = others.find(isEarlier); first !== undefined; first = others.find(isEarlier)) {
      throwIfCancelled(signal, waiting);
      waits(first.claim);
      await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
      throwIfCancelled(signal, waiting);
      others = await rivalsOf(directory, claim, isAlive);
    }
    const path = pathOf(directory, place);
    await put(path, { ...claim, since: new Date().toISOString(), isUnderWay: true });
    return path;
  } catch (error) {
    await dropClaim(pathOf(directory, place));
    throw error;
  }
}

/** The run is carried out by another process from now on. @throws what the file system says */
export async function passClaim(path: string, process: ClaimProcess): Promise<void> {
  const claim = await read(path);
  if (claim !== undefined) await put(path, { ...claim, ...process });
}

/** Never rejects: of a claim that stays nothing is left when its process ends. */
export async function dropClaim(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}

interface Place {
  readonly number: number;
  readonly runId: string;
}

interface Rival {
  readonly place: Place;
  readonly claim: Claim;
}

/** Two may take one number; then the ids decide. */
function isBefore(one: Place, other: Place): boolean {
  return one.number === other.number ? one.runId < other.runId : one.number < other.number;
}

async function placeAtEnd(directory: string, claim: Claim): Promise<Place> {
  const numbers = (await placesIn(directory)).map(({ number }) => number);
  const place = { number: Math.max(0, ...numbers) + 1, runId: claim.runId };
  await put(pathOf(directory, place), claim);
  return place;
}

/** Those of other runs that use the same, the first in line first. */
async function rivalsOf(directory: string, claim: Claim, isAlive: TurnOptions['isAlive']): Promise<Rival[]> {
  const rivals: Rival[] = [];
  for (const place of await placesIn(directory)) {
    if (place.runId === claim.runId) continue;
    const other = await read(pathOf(directory, place));
    if (other?.machine !== claim.machine || !other.pools.some((pool) => claim.pools.includes(pool))) continue;
    if (await isAlive(other)) rivals.push({ place, claim: other });
    else await dropOf(other, pathOf(directory, place));
  }
  return rivals.sort((a, b) => (isBefore(a.place, b.place) ? -1 : 1));
}

/** No later run has its name; it may have been passed on as its first process ended. */
async function dropOf({ pid }: Claim, path: string): Promise<void> {
  if ((await read(path))?.pid === pid) await dropClaim(path);
}

async function placesIn(directory: string): Promise<Place[]> {
  return (await readdir(directory)).flatMap((name) => {
    const match = /^(\d+)-([\w-]+)\.json$/.exec(name);
    return match === null ? [] : [{ number: Number(match[1]), runId: match[2] ?? '' }];
  });
}

function pathOf(directory: string, { number, runId }: Place): string {
  return join(directory, `${String(number)}-${runId}.json`);
}

/** Whole or not at all, for whoever reads it meanwhile. */
async function put(path: string, claim: Claim): Promise<void> {
  const temporary = join(path, '..', `.${basename(path)}.${String(process.pid)}.tmp`);
  try {
    await writeFile(temporary, JSON.stringify(claim), { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** undefined: it is gone, or is none that this version knows. */
async function read(path: string): Promise<Claim | undefined> {
  try {
    return claimSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (hasCode(error, 'EACCES')) throw error;
    return undefined;
  }
}
