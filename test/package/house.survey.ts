import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** An import from one file to another, `import type` and `import()` included. Both paths begin at `src`. */
export interface FileArrow {
  readonly from: string;
  readonly to: string;
}

/** Something points at something else: a file or a room, by its name. */
type Arrows = ReadonlyMap<string, ReadonlySet<string>>;

/** The house as its imports draw it. Specs do not count. */
export interface HouseSurvey {
  readonly files: readonly string[];
  readonly rooms: readonly string[];
  /** From room to room, each pair once: `'lock > store'`. */
  readonly arrows: readonly string[];
  /** How many rooms stand on top of each other in the highest place. */
  readonly floors: number;
  /** Rooms that reach each other both ways, by whatever detour. */
  readonly roomCircles: readonly (readonly string[])[];
  readonly fileCircles: readonly (readonly string[])[];
}

/** Every folder below `src` is a room, and so is each file beside the folders. */
export function roomOf(file: string): string {
  const [, ...path] = file.split('/');
  return path.length > 1 ? path.slice(0, -1).join('/') : path[0].replace(/\.[jt]s$/, '');
}

/** Every import in a source text, `import type` and `import()` included. */
export function importsOf(source: string): string[] {
  return ts.preProcessFile(source).importedFiles.map(({ fileName }) => fileName);
}

/** @param root the folder that has `src` */
export function surveyHouse(root = '.'): HouseSurvey {
  const files = sourcesIn(root);
  const arrows = files.flatMap((file) => arrowsFrom(file, readFileSync(join(root, file), 'utf8')));
  return survey(files, arrows);
}

export function survey(files: readonly string[], fileArrows: readonly FileArrow[]): HouseSurvey {
  const rooms = [...new Set(files.map(roomOf))].toSorted();
  const between = fileArrows
    .map(({ from, to }) => ({ from: roomOf(from), to: roomOf(to) }))
    .filter(({ from, to }) => from !== to);
  const roomArrows = arrowsOf(rooms, between);
  return {
    files,
    rooms,
    arrows: rooms.flatMap((room) => [...roomArrows.get(room)!].map((to) => `${room} > ${to}`)),
    floors: floorsOf(roomArrows),
    roomCircles: circlesOf(roomArrows),
    fileCircles: circlesOf(arrowsOf(files, fileArrows)),
  };
}

/** The arrows that lead from a room to one that stands after it in `order`, lowest room first. */
export function upwardArrows({ arrows }: HouseSurvey, order: readonly string[]): string[] {
  return arrows.filter((arrow) => {
    const [from, to] = arrow.split(' > ');
    return order.indexOf(to) > order.indexOf(from);
  });
}

function sourcesIn(root: string): string[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => join('src', file))
    .toSorted();
}

function arrowsFrom(from: string, source: string): FileArrow[] {
  return importsOf(source)
    .filter((name) => name.startsWith('.'))
    .map((name) => ({ from, to: join(dirname(from), name).replace(/\.js$/, '.ts') }));
}

function arrowsOf(names: readonly string[], arrows: readonly FileArrow[]): Arrows {
  const found = new Map(names.map((name) => [name, new Set<string>()]));
  for (const { from, to } of arrows) found.get(from)?.add(to);
  return found;
}

/** Rooms of one circle stand on one floor. */
function floorsOf(arrows: Arrows): number {
  const heights = new Map<string, number>();
  const reach = new Map([...arrows.keys()].map((name) => [name, reachedFrom(name, arrows)]));
  const heightOf = (name: string): number => {
    const known = heights.get(name);
    if (known !== undefined) return known;
    const below = [...reach.get(name)!].filter((other) => !reach.get(other)?.has(name));
    const height = 1 + Math.max(0, ...below.map(heightOf));
    heights.set(name, height);
    return height;
  };
  return Math.max(0, ...[...arrows.keys()].map(heightOf));
}

function circlesOf(arrows: Arrows): string[][] {
  const reach = new Map([...arrows.keys()].map((name) => [name, reachedFrom(name, arrows)]));
  const circles = new Map<string, string[]>();
  for (const name of arrows.keys()) {
    if (!reach.get(name)!.has(name)) continue;
    const circle = [...reach.get(name)!].filter((other) => reach.get(other)?.has(name)).toSorted();
    circles.set(circle.join(), circle);
  }
  return [...circles.values()];
}

/** All that can be reached by one arrow or more. */
function reachedFrom(start: string, arrows: Arrows): Set<string> {
  const reached = new Set<string>();
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const next of arrows.get(name) ?? []) {
      if (reached.has(next)) continue;
      reached.add(next);
      open.push(next);
    }
  }
  return reached;
}
